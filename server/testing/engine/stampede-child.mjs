// One process of the stampede: connects, says so, and on `go` asks for one key as many times as it is told, all at once.
import { createCache } from 'sideboard-engine';

const cache = createCache({
  env: 'test',
  service: 'stampede',
  redis: process.argv[2],
  policies: { product: { ttl: '10min' } },
  // None is meant to pass: who has no answer in time loads by itself.
  deadlineMs: 2_000,
});
let originCalls = 0;
const load = () =>
  new Promise((resolve) => {
    originCalls += 1;
    setTimeout(() => resolve({ name: 'chair', by: process.pid }), 150);
  });

process.on('message', async ({ go, id, callers }) => {
  if (!go) {
    await cache.close();
    process.disconnect();
    return;
  }
  originCalls = 0;
  const began = performance.now();
  const values = await Promise.all(Array.from({ length: callers }, () => cache.getOrSet('product', id, load)));
  process.send({ originCalls, values: [...new Set(values.map((value) => JSON.stringify(value)))], slowestMs: performance.now() - began });
});
await cache.ready();
process.send('ready');
