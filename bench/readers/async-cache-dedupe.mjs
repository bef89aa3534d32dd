import { createCache } from 'async-cache-dedupe';
import { Redis } from 'ioredis';
import { TTL_S } from '../product.mjs';

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
