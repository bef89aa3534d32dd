import type { CacheOptions } from '../../engine/cache.ts';
import type { CacheParts } from '../../engine/engine.ts';
import { served } from './local-hits.ts';
import type { TracedCache } from './open-caches.ts';
import { type RedisBed, redisBed } from './redis-bed.ts';

export const l1 = { boundMs: 5_000 };
export const policies = { product: { ttl: '10min', staleWindow: '10min', earlyRefresh: 'off' as const } };

/** A Redis of the file's own, and caches over it that keep values in the process. */
export interface L1Bed {
  readonly bed: RedisBed;
  /** It serves product 1, `{ v: 'old' }`, by itself. */
  openServing(options?: Partial<CacheOptions<string>>, parts?: CacheParts): Promise<TracedCache>;
}

export function l1Bed(): L1Bed {
  const bed = redisBed({ deadlineMs: 500 });
  return {
    bed,
    async openServing(options = {}, parts = {}) {
      const traced = await bed.caches.open({ l1, policies, ...options }, parts);
      await traced.cache.set('product', '1', { v: 'old' });
      await served(traced);
      return traced;
    },
  };
}
