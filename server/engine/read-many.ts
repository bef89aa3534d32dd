import type { ManyResult } from './cache.ts';
import { TooManyReads } from './errors.ts';

/** Ids of one `getMany`, and those of them that are on their way at once. */
const IDS_MAX = 10_000;
const IDS_AT_ONCE = 1_000;

/** Each id once, in slices; what one of them fails at is its own result. Rejects with `TooManyReads` past `IDS_MAX`. */
export async function readMany(ids: readonly string[], read: (id: string) => Promise<unknown>): Promise<Map<string, ManyResult<unknown>>> {
  const wanted = [...new Set(ids)];
  if (wanted.length > IDS_MAX) throw new TooManyReads(`${wanted.length} ids are asked for at once, at most ${IDS_MAX} are`);
  const results = new Map<string, ManyResult<unknown>>();
  for (let from = 0; from < wanted.length; from += IDS_AT_ONCE) {
    const slice = wanted.slice(from, from + IDS_AT_ONCE);
    const settled = await Promise.allSettled(slice.map(read));
    for (const [index, result] of settled.entries()) {
      const of = result.status === 'fulfilled' ? { ok: true as const, value: result.value } : { ok: false as const, error: result.reason };
      results.set(slice[index] ?? '', of);
    }
  }
  return results;
}
