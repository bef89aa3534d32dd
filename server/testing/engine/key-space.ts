import type { Redis } from 'ioredis';
import { EntryCodec } from '../../engine/codec/entry-codec.ts';
import { type EnvelopeTimes, judge, sealEnvelope } from '../../engine/envelope.ts';
import { type CacheKey, dataKey, leaseKey, versionKey } from '../../engine/keys.ts';
import { parseVersionRecord, type VersionRecord } from '../../engine/version-record.ts';

const codec = new EntryCodec({ codec: 'json', compress: false, bytesMax: 16 << 20, schema: null, schemaId: null, migrate: null });

/** What stands in Redis for one entity of the caches that `cachesOf` opens, seen from outside. */
export interface KeySpaceView {
  readonly recordKey: string;
  record(): Promise<VersionRecord>;
  /** Under the version that stands now. */
  keyOf(id: string): Promise<CacheKey>;
  leaseOf(id: string): Promise<string>;
  /** An entry as a fill would have left it, its times relative to Redis time now. Its key stays for `keptMs`, or until it expires. */
  putEntry(
    id: string,
    value: unknown,
    times: { createdMs: number; freshMs: number; expiresMs: number; loadCostMs?: number; keptMs?: number },
  ): Promise<void>;
  /** How the entry stands: its judgement and the TTL of its key. Null without one. */
  entry(id: string): Promise<{ kind: string; flags: string[]; ttlMs: number } | null>;
}

export function keySpaceOf(redis: () => Redis, entity = 'product', ref = { env: 'test', service: 'shop' }): KeySpaceView {
  const recordKey = versionKey(ref, entity);
  const record = async () => {
    const parsed = parseVersionRecord((await redis().get(recordKey)) ?? '');
    if (parsed === null) throw new Error('no version record');
    return parsed;
  };
  const keyOf = async (id: string) => dataKey(ref, (await record()).ns, entity, id);
  const redisNowMs = async () => {
    const [seconds, micros] = await redis().time();
    return Math.floor(Number(seconds) * 1_000 + Number(micros) / 1_000);
  };
  return {
    recordKey,
    record,
    keyOf,
    leaseOf: async (id) => leaseKey(await keyOf(id)),
    async putEntry(id, value, { createdMs, freshMs, expiresMs, loadCostMs = 0, keptMs = expiresMs }) {
      const nowMs = await redisNowMs();
      const times: EnvelopeTimes = {
        createdMs: nowMs + createdMs,
        freshUntilMs: nowMs + freshMs,
        expiresMs: nowMs + expiresMs,
        loadCostMs,
      };
      const key = await keyOf(id);
      await redis().set(key, sealEnvelope(key, codec.encode(value), times), 'PX', keptMs);
    },
    async entry(id) {
      const key = await keyOf(id);
      const bytes = await redis().getBuffer(key);
      if (bytes === null) return null;
      const judged = judge(bytes, key, await redisNowMs());
      return { kind: judged.kind, flags: judged.kind === 'problem' ? [] : judged.flags, ttlMs: await redis().pttl(key) };
    },
  };
}

/** A lease token as the scripts take one. */
export function token(kind: 'L' | 'W', name: string): string {
  return (kind + name).padEnd(24, '0');
}
