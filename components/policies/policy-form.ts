import { type PolicyValues, policyValues } from '../../server/contract/policies.ts';
import { parseDuration } from './parse-duration.ts';
import { spellDuration } from './spell-duration.ts';

/** What stands in the fields: text, as people write it. */
export interface PolicyFields {
  ttl: string;
  /** Percent. */
  jitter: string;
  stale: string;
}

const fieldOf: Record<string, keyof PolicyFields> = { ttlMs: 'ttl', jitter: 'jitter', staleMs: 'stale' };

export function fieldsOf(values: PolicyValues): PolicyFields {
  return { ttl: spellDuration(values.ttlMs), jitter: String(Math.round(values.jitter * 1_000) / 10), stale: spellDuration(values.staleMs) };
}

export type Parsed = { ok: true; values: PolicyValues } | { ok: false; errors: Partial<Record<keyof PolicyFields, string>> };

/** Reads the fields; the rules are those of the contract, which the server applies again. */
export function parseFields(fields: PolicyFields): Parsed {
  const ttlMs = parseDuration(fields.ttl);
  const staleMs = parseDuration(fields.stale);
  const percent = /^\d+(\.\d+)?$/.test(fields.jitter.trim()) ? Number(fields.jitter) : null;
  const errors: Partial<Record<keyof PolicyFields, string>> = {
    ...(ttlMs === null ? { ttl: 'write it as “10 min” or “1 h 30 min”' } : {}),
    ...(staleMs === null ? { stale: 'write it as “60 s”, or 0 for none' } : {}),
    ...(percent === null ? { jitter: 'write a percentage, such as 20' } : {}),
  };
  // A field that cannot be read stands in as a legal one, so that the others are judged all the same.
  const result = policyValues.safeParse({ ttlMs: ttlMs ?? 60_000, staleMs: staleMs ?? 0, jitter: (percent ?? 0) / 100 });
  if (result.success) return Object.keys(errors).length === 0 ? { ok: true, values: result.data } : { ok: false, errors };
  for (const issue of result.error.issues) {
    const field = fieldOf[String(issue.path[0])];
    if (field !== undefined) errors[field] ??= issue.message;
  }
  return { ok: false, errors };
}

export const sameValues = (a: PolicyValues, b: PolicyValues): boolean =>
  a.ttlMs === b.ttlMs && a.jitter === b.jitter && a.staleMs === b.staleMs;
