import { textOf } from '../ask-redis.ts';
import { parseTimeReply } from '../control/redis-offset.ts';
import { dataKeyPattern, escapePart, parseDataKey } from '../keys.ts';
import { AdaptiveCount } from './adaptive-count.ts';
import type { KeySpaceRef, ScannedKey, ScanOptions, ScanResult } from './operator.ts';
import type { OperatorConnection } from './operator-connection.ts';
import { listOf, numberOf } from './replies.ts';
import { Turnstile } from './turnstile.ts';

const roundsMax = 20;
const stepMsMax = 250;
/** Redis matches patterns recursively in some versions (CVE-2024-31228): longer ones are cut, and the rest is matched here. */
const patternBytesMax = 256;
const cursorForm = /^(0|[1-9]\d{0,19})$/;

/**
 * All SCANs of one operator. Redis walks the whole keyspace whatever the pattern, and everybody waits while it does: so
 * one round at a time for all callers, each with a COUNT that fits what the last one cost, each followed by a pause as
 * long as itself, and a step ends after 20 rounds or 250 ms. Leases never appear: their keys begin with a brace.
 */
export class ScanGovernor {
  readonly #connection: OperatorConnection;
  readonly #turnstile = new Turnstile();
  readonly #count = new AdaptiveCount();

  constructor(connection: OperatorConnection) {
    this.#connection = connection;
  }

  /**
   * One step. `keys` holds each key once, and may be longer than `rowsMax` by what the last round brought: what SCAN has
   * given must not be lost. `walked` is an estimate, the sum of the COUNTs asked for and at most `total`, which counts
   * all keys of this Redis. An aborted step returns what it has. Throws `RangeError` for a cursor that is none.
   */
  async step(ref: KeySpaceRef, options: ScanOptions): Promise<ScanResult> {
    if (!cursorForm.test(options.cursor)) throw new RangeError('not a SCAN cursor');
    const match = matcher(ref, options);
    const found = new Map<string, ScannedKey>();
    const startedMs = this.#connection.clock.monotonicMs();
    const result = { cursor: options.cursor, walked: 0, total: 0, rounds: 0, redisMs: 0 };
    let over = false;
    while (!over) {
      await this.#turnstile.pass(async () => {
        if (options.signal?.aborted) return 0;
        const count = this.#count.next(options.rowsMax - found.size, result.walked === 0 ? 1 : found.size / result.walked);
        const round = await this.#round(result.cursor, match.pattern, count);
        this.#count.took(round.redisMs);
        for (const key of round.keys) {
          const row = match.row(key);
          if (row !== null) found.set(row.name, row.key);
        }
        result.cursor = round.cursor;
        result.total = round.total;
        result.walked += count;
        result.rounds += 1;
        result.redisMs += round.redisMs;
        return round.redisMs;
      });
      over =
        result.cursor === '0' ||
        found.size >= options.rowsMax ||
        result.rounds >= roundsMax ||
        this.#connection.clock.monotonicMs() - startedMs >= stepMsMax ||
        options.signal?.aborted === true;
    }
    return { ...result, walked: Math.min(result.walked, result.total), keys: [...found.values()] };
  }

  /** TIME before and after, in one pipeline: what the walk cost Redis, without the network. */
  async #round(
    cursor: string,
    pattern: Buffer,
    count: number,
  ): Promise<{ cursor: string; keys: Buffer[]; total: number; redisMs: number }> {
    const [before, scanned, after, total] = await this.#connection.run('reads', [
      { name: 'TIME', args: [] },
      { name: 'SCAN', args: [cursor, 'MATCH', pattern, 'COUNT', String(count)] },
      { name: 'TIME', args: [] },
      { name: 'DBSIZE', args: [] },
    ]);
    const [next, keys] = listOf(scanned);
    return {
      // A string for ever: cursors pass 2^53 on some servers.
      cursor: textOf(next) ?? '0',
      keys: listOf(keys).filter((key) => Buffer.isBuffer(key)),
      total: numberOf(total),
      redisMs: Math.max(0, (parseTimeReply(after) ?? 0) - (parseTimeReply(before) ?? 0)),
    };
  }
}

interface Matcher {
  pattern: Buffer;
  row(key: Buffer): { name: string; key: ScannedKey } | null;
}

/** The pattern finds candidates; the key's own parts decide. */
function matcher(ref: KeySpaceRef, options: Pick<ScanOptions, 'entity' | 'idPrefix'>): Matcher {
  const { entity, idPrefix = '' } = options;
  const escapedPrefix = escapePart(idPrefix);
  return {
    pattern: cut(Buffer.from(dataKeyPattern(ref, { entity, idPrefix: idPrefix === '' ? undefined : idPrefix }))),
    row(key) {
      const name = key.toString('utf8');
      const parts = parseDataKey(name);
      if (parts === null || parts.env !== ref.env || parts.service !== ref.service) return null;
      if (entity !== undefined && parts.entity !== entity) return null;
      if (!name.slice(name.lastIndexOf(':') + 1).startsWith(escapedPrefix)) return null;
      return { name, key: { key, entity: parts.entity, id: parts.id, version: parts.version } };
    },
  };
}

function cut(pattern: Buffer): Buffer {
  return pattern.length <= patternBytesMax ? pattern : Buffer.concat([pattern.subarray(0, patternBytesMax - 1), Buffer.from('*')]);
}
