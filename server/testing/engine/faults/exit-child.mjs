// Uses the engine through an outage of Redis and its end, closes, and is then left with nothing that could keep it alive.
import { createCache } from 'sideboard-engine';

const [, , redis] = process.argv;
const cache = createCache({
  env: 'test',
  service: 'shop',
  redis,
  l1: {},
  allowFaults: true,
  policies: { product: { ttl: '10min', codec: 'msgpack', l1: true, staleWindow: '1min' } },
});
let outcome = '';
cache.onEvent((event) => {
  if (event.type === 'read') outcome = event.outcome;
});
let n = 0;
/** Reads and invalidates, a little of each at a time, until a read ends so. */
const until = async (wanted) => {
  do {
    n += 1;
    await Promise.all(['1', '2', `new ${n}`].map((id) => cache.getOrSet('product', id, async () => ({ n }))));
    await cache.invalidate('product', String(n % 3)).catch(() => {});
    await cache.getOrSet('product', 'watched', async () => ({ n }), { strict: true });
    await new Promise((resolve) => setTimeout(resolve, 5));
  } while (outcome !== wanted);
};

process.on('message', async (wanted) => {
  if (wanted === 'close') {
    await cache.close();
    process.send('closed');
    process.disconnect();
    return;
  }
  await until(wanted);
  process.send(wanted);
});
await cache.ready();
process.send('ready');
