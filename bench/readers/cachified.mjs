import { cachified } from '@epic-web/cachified';
import { redisCacheAdapter } from 'cachified-redis-adapter';
import { createClient } from 'redis';
import { TTL_S } from '../product.mjs';

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
