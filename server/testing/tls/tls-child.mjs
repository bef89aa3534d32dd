// A service and the door of a console, over the Redis of REDIS_URL. Trusts what this process was started to trust, and does what it is asked.
import { inspect } from 'node:util';
import { createCache, createOperator, redisFromEnv } from 'sideboard-engine';

const ref = { env: 'test', service: 'tls' };
const redis = redisFromEnv();
const policies = { product: { ttl: '10min', jitter: 0 } };
const cache = createCache({ ...ref, redis, deadlineMs: 1_000, allowFaults: true, l1: {}, policies });
const operator = createOperator({ redis });
const events = [];
cache.onEvent((event) => events.push(event));

const answers = {
  ready: () => cache.ready(),
  read: (id) => cache.getOrSet('product', id, async () => 'loaded'),
  set: (id, value) => cache.set('product', id, value),
  invalidate: (id) => cache.invalidate('product', id),
  peek: async (id) => (await cache.peek('product', id)).kind,
  events: () => events.map((event) => ({ ...event, error: undefined })),
  operator: () => operator.state(),
  start: async (order) => (await operator.orderFaults(ref, { start: [{ ...order, endsAt: (await operator.now()) + 60_000 }] })).ackedBy,
  stop: async () => (await operator.orderFaults(ref, { stop: 'all' })).ackedBy,
  close: async () => {
    await operator.close();
    await cache.close();
  },
};

process.on('message', async ({ ask, args }) => {
  try {
    process.send({ answer: (await answers[ask](...args)) ?? null });
  } catch (error) {
    process.send({ refused: String(error), all: inspect(error, { depth: null, showHidden: true }) });
  }
  if (ask === 'close') process.disconnect();
});
process.send({ answer: 'started' });
