import { BentoCache, bentostore } from 'bentocache';
import { redisDriver } from 'bentocache/drivers/redis';
import { TTL_S } from '../product.mjs';

export function openBentocache({ port, load }) {
  const bento = new BentoCache({
    default: 'redis',
    stores: { redis: bentostore().useL2Layer(redisDriver({ connection: { host: '127.0.0.1', port } })) },
  });
  const products = bento.namespace('product');
  return {
    read: (id) => products.getOrSet({ key: id, factory: () => load(id), ttl: `${TTL_S}s` }),
    clear: () => products.clear(),
    keyOf: (id) => `bentocache:product:${id}`,
    close: () => bento.disconnectAll(),
  };
}
