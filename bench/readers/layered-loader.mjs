import { Redis } from 'ioredis';
import { GroupLoader, Loader, RedisCache, RedisGroupCache } from 'layered-loader';
import { LOCAL_ITEMS_MAX, TTL_S } from '../product.mjs';

export function openLayeredLoader({ port, load }) {
  const redis = new Redis({ host: '127.0.0.1', port });
  redis.on('error', () => {});
  const loader = new Loader({
    asyncCache: new RedisCache(redis, { json: true, ttlInMsecs: TTL_S * 1_000, prefix: 'layered' }),
    dataSourceGetOneFn: (id) => load(id),
  });
  return {
    read: (id) => loader.get(id),
    clear: () => loader.invalidateCache(),
    keyOf: (id) => `layered:${id}`,
    close: () => redis.disconnect(),
  };
}

/** The same with its groups, whose invalidation is one INCR. */
export function openLayeredLoaderGroups({ port, load }) {
  const redis = new Redis({ host: '127.0.0.1', port });
  redis.on('error', () => {});
  const loader = new GroupLoader({
    asyncCache: new RedisGroupCache(redis, { json: true, ttlInMsecs: TTL_S * 1_000, prefix: 'grouped' }),
    dataSourceGetOneFn: (id) => load(id),
  });
  return {
    read: (id) => loader.get(id, 'product'),
    clear: () => loader.invalidateCacheForGroup('product'),
    keyOf: (id) => `grouped:product:1:${id}`,
    close: () => redis.disconnect(),
  };
}

/** The same in the memory of the process. */
export function openLayeredLoaderMemory({ load }) {
  const loader = new Loader({
    inMemoryCache: { cacheType: 'lru-map', ttlInMsecs: TTL_S * 1_000, maxItems: LOCAL_ITEMS_MAX },
    dataSourceGetOneFn: (id) => load(id),
  });
  return { read: (id) => loader.get(id), close() {} };
}
