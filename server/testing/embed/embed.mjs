import { createCache, redisFromEnv } from 'sideboard-engine';

const cache = createCache({ env: 'test', service: 'embed', redis: redisFromEnv(), policies: { product: { class: 'profile' } } });
const filled = new Promise((resolve) => cache.onEvent((event) => event.type === 'fill' && resolve()));
await cache.ready();
let loads = 0;
const load = async () => {
  loads += 1;
  return { name: 'chair' };
};
await cache.getOrSet('product', '1', load);
await filled;
const value = await cache.getOrSet('product', '1', load);
const { kind } = await cache.peek('product', '1');
console.log(kind, JSON.stringify(value), `after ${loads} load`);
await cache.close();
