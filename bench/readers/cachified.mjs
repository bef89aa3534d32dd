import { cachified, totalTtl } from '@epic-web/cachified';
import { redisCacheAdapter } from 'cachified-redis-adapter';
import { LRUCache } from 'lru-cache';
import { createClient } from 'redis';
import { LOCAL_ITEMS_MAX, TTL_S } from '../product.mjs';

export async function openCachified({ port, load }) {
  const redis = createClient({ url: `redis://127.0.0.1:${port}` });
  redis.on('error', () => {});
  await redis.connect();
  const cache = redisCacheAdapter(redis);
  return {
    read: (id) => cachified({ cache, key: `cachified:product:${id}`, ttl: TTL_S * 1_000, getFreshValue: () => load(id) }),
    close: () => redis.destroy(),
  };
}

/** Over an LRU in the process, with the adapter of its README. */
export function openCachifiedMemory({ load }) {
  const lru = new LRUCache({ max: LOCAL_ITEMS_MAX });
  const cache = {
    set(key, value) {
      const ttl = totalTtl(value?.metadata);
      return lru.set(key, value, { ttl: ttl === Number.POSITIVE_INFINITY ? undefined : ttl, start: value?.metadata?.createdTime });
    },
    get: (key) => lru.get(key),
    delete: (key) => lru.delete(key),
  };
  return {
    read: (id) => cachified({ cache, key: `product-${id}`, ttl: TTL_S * 1_000, getFreshValue: () => load(id) }),
    close() {},
  };
}
