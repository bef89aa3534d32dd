import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisDriver } from 'bentocache/drivers/redis';
import { LOCAL_ITEMS_MAX, TTL_S } from '../product.mjs';

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

/** The same in the memory of the process. */
export function openBentocacheMemory({ load }) {
  const bento = new BentoCache({
    default: 'memory',
    stores: { memory: bentostore().useL1Layer(memoryDriver({ maxItems: LOCAL_ITEMS_MAX })) },
  });
  const products = bento.namespace('product');
  return {
    read: (id) => products.getOrSet({ key: id, factory: () => load(id), ttl: `${TTL_S}s` }),
    close: () => bento.disconnectAll(),
  };
}
