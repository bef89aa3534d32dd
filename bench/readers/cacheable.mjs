import KeyvRedis from '@keyv/redis';
import { Cacheable } from 'cacheable';
import { Keyv } from 'keyv';
import { TTL_S } from '../product.mjs';

/** It always has a primary tier; here that is Redis, so that no reader has a tier in its process. */
export function openCacheable({ port, load }) {
  const primary = new Keyv({ store: new KeyvRedis(`redis://127.0.0.1:${port}`), namespace: 'cacheable' });
  const cache = new Cacheable({ primary, ttl: TTL_S * 1_000 });
  cache.on('error', () => {});
  primary.on('error', () => {});
  return {
    read: (id) => cache.getOrSet(`product:${id}`, () => load(id)),
    clear: () => cache.clear(),
    keyOf: (id) => `cacheable::cacheable:product:${id}`,
    close: () => cache.disconnect(),
  };
}

/** Its default: the primary tier in the memory of the process. */
export function openCacheableMemory({ load }) {
  const cache = new Cacheable({ ttl: TTL_S * 1_000 });
  return { read: (id) => cache.getOrSet(`product:${id}`, () => load(id)), close: () => cache.disconnect() };
}
