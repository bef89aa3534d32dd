import { createCache } from 'async-cache-dedupe';
import { Redis } from 'ioredis';
import { LOCAL_ITEMS_MAX, TTL_S } from '../product.mjs';

export function openAsyncCacheDedupe({ port, load }) {
  const redis = new Redis({ host: '127.0.0.1', port });
  redis.on('error', () => {});
  const cache = createCache({ ttl: TTL_S, storage: { type: 'redis', options: { client: redis } } });
  cache.define('product', (id) => load(id));
  return {
    read: (id) => cache.product(id),
    clear: () => cache.clear('product'),
    keyOf: (id) => `product~${id}`,
    close: () => redis.disconnect(),
  };
}

/** The same in the memory of the process. */
export function openAsyncCacheDedupeMemory({ load }) {
  const cache = createCache({ ttl: TTL_S, storage: { type: 'memory', options: { size: LOCAL_ITEMS_MAX } } });
  cache.define('product', (id) => load(id));
  return { read: (id) => cache.product(id), close() {} };
}
