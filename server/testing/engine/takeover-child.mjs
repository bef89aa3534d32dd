// One process of the takeover: says when its origin is called, and what its callers had when all were answered: a value, or an error's name. `hang`: it never does.
import { createCache } from 'sideboard-engine';

const [, , redis, loadMs] = process.argv;
const cache = createCache({
  env: 'test',
  service: 'shop',
  redis,
  deadlineMs: 1_000,
  policies: { product: { ttl: '10min', loadTimeoutMs: 1_000, leaseMs: 1_000 } },
});
const load = () => {
  process.send({ loading: true });
  return new Promise((resolve) => {
    if (loadMs !== 'hang') setTimeout(() => resolve(`by ${process.pid}`), Number(loadMs));
  });
};

process.on('message', async ({ go, callers }) => {
  if (!go) {
    await cache.close();
    process.disconnect();
    return;
  }
  const answers = await Promise.allSettled(Array.from({ length: callers }, () => cache.getOrSet('product', '1', load)));
  process.send({ values: [...new Set(answers.map(({ value, reason }) => value ?? reason.name))] });
});
await cache.ready();
process.send({ ready: true });
