import { createCache } from 'sideboard-engine';
import { TTL_S } from '../product.mjs';

/** As a service embeds it: strict reads, metrics on, no tier in the process. */
export async function openSideboard({ port, load, deadlineMs, allowFaults = false }) {
  const cache = createCache({
    env: 'bench',
    service: 'shop',
    redis: { host: '127.0.0.1', port },
    policies: { product: { ttl: `${TTL_S}s` } },
    allowFaults,
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  });
  await cache.ready();
  return {
    read: (id) => cache.getOrSet('product', id, () => load(id)),
    hold: (id) => cache.getOrSet('product', id, never),
    keyOf: (id) => `bench:shop:hohbo5a204:product:${id}`,
    bump: () => cache.bumpVersion('product'),
    close: () => cache.close(),
  };
}

/** One loader for all that are held: a caller's closure is not the engine's. */
async function never() {
  throw new Error('Redis was to be asked, and not to answer');
}
