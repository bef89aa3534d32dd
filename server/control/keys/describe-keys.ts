import type { KeyMetaList } from '../../contract/keys.ts';
import type { ControlDeps } from '../deps.ts';
import { decodeKey } from './key-bytes.ts';

/** TTL and length of the rows that are on the screen. */
export async function describeKeys(deps: ControlDeps, keys: readonly string[]): Promise<KeyMetaList> {
  const found = keys.length === 0 ? [] : await deps.operator.describe(keys.map(decodeKey));
  return {
    rows: keys.map((key, index) => ({ key, ttlMs: found[index]?.ttlMs ?? null, sizeBytes: found[index]?.sizeBytes ?? null })),
    nowMs: deps.fleet.redisNow(),
  };
}
