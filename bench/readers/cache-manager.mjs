import KeyvRedis from '@keyv/redis';
import { createCache } from 'cache-manager';
import { createKeyv } from 'cacheable';
import { Keyv } from 'keyv';
import { LOCAL_ITEMS_MAX, TTL_S } from '../product.mjs';

export function openCacheManager({ port, load }) {
  const keyv = new Keyv({ store: new KeyvRedis(`redis://127.0.0.1:${port}`), namespace: 'manager' });
  keyv.on('error', () => {});
  const cache = createCache({ stores: [keyv], ttl: TTL_S * 1_000 });
  return {
    read: (id) => cache.wrap(`product:${id}`, () => load(id)),
    clear: () => cache.clear(),
    keyOf: (id) => `manager::manager:product:${id}`,
    close: () => cache.disconnect(),
  };
}

/** The same in the memory of the process. */
export function openCacheManagerMemory({ load }) {
  const cache = createCache({ stores: [createKeyv({ ttl: TTL_S * 1_000, lruSize: LOCAL_ITEMS_MAX })] });
  return { read: (id) => cache.wrap(`product:${id}`, () => load(id)), close: () => cache.disconnect() };
}
