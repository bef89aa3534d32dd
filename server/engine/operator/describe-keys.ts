import type { OperatorConnection } from './operator-connection.ts';

const keysMax = 2_000;

/** TTL (-1: none) and length of each key in one pipeline; null for a key that is gone or holds no string. At most 2,000 keys, else `RangeError`. */
export async function describeKeys(
  connection: OperatorConnection,
  keys: readonly Buffer[],
): Promise<({ ttlMs: number; sizeBytes: number } | null)[]> {
  if (keys.length > keysMax) throw new RangeError(`at most ${keysMax} keys at once`);
  if (keys.length === 0) return [];
  const replies = await connection.attempt(
    'reads',
    keys.flatMap((key) => [
      { name: 'PTTL', args: [key] },
      { name: 'STRLEN', args: [key] },
    ]),
  );
  return keys.map((_, index) => {
    const ttlMs = replies[index * 2];
    const sizeBytes = replies[index * 2 + 1];
    return typeof ttlMs === 'number' && typeof sizeBytes === 'number' && ttlMs !== -2 ? { ttlMs, sizeBytes } : null;
  });
}
