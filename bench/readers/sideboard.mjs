import { createCache } from 'sideboard-engine';
import { TTL_S } from '../product.mjs';

/** As a service embeds it: strict reads, metrics on, no tier in the process. */
export async function openSideboard({ port, load, deadlineMs, allowFaults = false }) {
  const cache = await openCache({ service: 'shop', port, deadlineMs, allowFaults });
  return {
    read: (id) => cache.getOrSet('product', id, () => load(id)),
    hold: (id) => cache.getOrSet('product', id, never),
    keyOf: (id) => `bench:shop:hohbo5a204:product:${id}`,
    bump: () => cache.bumpVersion('product'),
    close: () => cache.close(),
  };
}

/** The same with MessagePack. */
export async function openSideboardMsgpack({ port, load }) {
  const cache = await openCache({ service: 'shop-msgpack', port, policy: { codec: 'msgpack' } });
  return {
    read: (id) => cache.getOrSet('product', id, () => load(id)),
    drop: (id) => cache.invalidate('product', id),
    close: () => cache.close(),
  };
}

/** The same with a tier in the process. */
export async function openSideboardLocal({ port, load, l1 = {} }) {
  const cache = await openCache({ service: 'shop', port, l1 });
  return {
    read: (id) => cache.getOrSet('product', id, () => load(id)),
    countLocal: (run) => countLocal(cache, run),
    close: () => cache.close(),
  };
}

/** The same, asked for what it holds alone. */
export async function openSideboardLocalGet({ port, load, l1 = {} }) {
  const cache = await openCache({ service: 'shop', port, l1 });
  return {
    // The seed is what comes before the first hit.
    read: async (id) => (await cache.get('product', id)) ?? cache.getOrSet('product', id, () => load(id)),
    readLocal: (id) => cache.get('product', id),
    countLocal: (run) => countLocal(cache, run),
    close: () => cache.close(),
  };
}

async function openCache({ service, port, deadlineMs, allowFaults = false, policy = {}, l1 }) {
  const cache = createCache({
    env: 'bench',
    service,
    redis: { host: '127.0.0.1', port },
    policies: { product: { ttl: `${TTL_S}s`, ...policy } },
    allowFaults,
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    ...(l1 === undefined ? {} : { l1 }),
  });
  await cache.ready();
  return cache;
}

/** How many reads this process answered by itself while `run` ran. */
async function countLocal(cache, run) {
  let local = 0;
  const stop = cache.onEvent((event) => {
    if (event.type === 'read' && event.tier === 'l1') local += 1;
  });
  await run();
  stop();
  return local;
}

/** One loader for all that are held: a caller's closure is not the engine's. */
async function never() {
  throw new Error('Redis was to be asked, and not to answer');
}
