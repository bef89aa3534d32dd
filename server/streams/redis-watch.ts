import type { Operator, RedisStats } from 'sideboard-engine';
import type { LivePoint, RedisState } from '../contract/live.ts';

/** Redis as its own numbers show it, sampled each second. */
export interface RedisWatch {
  /** The second that was sampled; fields are null where Redis did not answer. */
  sample(redisNowMs: number): Promise<{ t: number; point: LivePoint['redis'] }>;
  state(): RedisState;
}

const nothing: LivePoint['redis'] = { evictedPerSecond: null, expiredPerSecond: null, memoryUsedBytes: null, fragmentationRatio: null };

export function createRedisWatch(operator: Operator): RedisWatch {
  let last: RedisStats | null = null;

  return {
    async sample(redisNowMs) {
      const before = last;
      try {
        last = await operator.redisStats();
      } catch {
        // The state says why; here it is a second without numbers. The next delta would span the outage.
        last = null;
        return { t: Math.floor(redisNowMs / 1_000), point: nothing };
      }
      return { t: Math.floor(last.atMs / 1_000), point: pointOf(last, before) };
    },
    state() {
      const state = operator.state();
      return {
        state: state.state,
        reason: state.state === 'down' ? state.reason : null,
        sinceMs: state.since,
        address: last?.address ?? '',
        version: state.state === 'up' ? state.version : null,
        maxMemoryBytes: last?.maxMemoryBytes ?? null,
        memoryUsedBytes: last?.usedMemoryBytes ?? null,
        fragmentationRatio: last?.fragmentationRatio ?? null,
        maxMemoryPolicy: last?.maxMemoryPolicy ?? null,
        keys: last?.keys ?? null,
      };
    },
  };
}

function pointOf(stats: RedisStats, before: RedisStats | null): LivePoint['redis'] {
  return {
    evictedPerSecond: rate(stats, before, 'evictedKeys'),
    expiredPerSecond: rate(stats, before, 'expiredKeys'),
    memoryUsedBytes: stats.usedMemoryBytes,
    fragmentationRatio: stats.fragmentationRatio,
  };
}

/** Null for the first sample, and for a counter that went back: Redis was restarted. */
export function rate(stats: RedisStats, before: RedisStats | null, field: 'evictedKeys' | 'expiredKeys'): number | null {
  if (before === null || stats.atMs <= before.atMs || stats[field] < before[field]) return null;
  return ((stats[field] - before[field]) * 1_000) / (stats.atMs - before.atMs);
}
