import { customType } from 'drizzle-orm/pg-core';

/** What Postgres refuses in text, a NUL and lone surrogates, and the sign that leads their escapes. */
const REFUSED = /[\p{Cs}\0%]/gu;
const ESCAPE = /%([0-9A-F]{4})/g;

/** Any text as one that Postgres takes. Injective. */
export function storedText(text: string): string {
  return text.replace(REFUSED, (found) => `%${found.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`);
}

/** The inverse of `storedText`. */
export function anyText(stored: string): string {
  return stored.replace(ESCAPE, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

/** Names of envs, services and entities and people's words may hold any letter; a column of plain `text` fails on some. */
export const anyTextColumn = customType<{ data: string; driverData: string }>({
  dataType: () => 'text',
  toDriver: storedText,
  fromDriver: anyText,
});

/** JSON whose top-level names are such text; its values are the caller's to bound. */
export function anyRecordColumn<Value>() {
  return customType<{ data: Record<string, Value>; driverData: unknown }>({
    dataType: () => 'jsonb',
    toDriver: (record) => JSON.stringify(renamed(record, storedText)),
    fromDriver: (stored) => renamed(recordOf<Value>(stored), anyText),
  })();
}

function renamed<Value>(record: Record<string, Value>, rename: (name: string) => string): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [rename(name), value]));
}

/** `pg` parsed it, and `toDriver` above wrote it. */
function recordOf<Value>(stored: unknown): Record<string, Value> {
  return stored as Record<string, Value>;
}
