import type * as z from 'zod';

/** A JSON text from Redis by its schema, or null: anybody with access may have written it. */
export function parseJson<Schema extends z.ZodType>(schema: Schema, json: string | Buffer): z.infer<Schema> | null {
  let value: unknown;
  try {
    value = JSON.parse(String(json));
  } catch {
    return null;
  }
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : null;
}
