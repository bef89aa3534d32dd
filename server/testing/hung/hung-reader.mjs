// A service under visitors who come at a constant rate, whatever Redis does: half of them ask for one of few things, half for
// something that nobody has asked for before. Tells what it holds each second; ends with its parent.
import { createCache } from 'sideboard-engine';

const [, , redis, perSecond] = process.argv;
const REPEATED = 2_000;
const ORIGIN_MS = 5;
const DESCRIPTION = 'x'.repeat(900);

const cache = createCache({ env: 'soak', service: 'shop', redis, policies: { product: { ttl: '10min' } } });
const counts = { asked: 0, right: 0, wrong: 0, failed: 0, underWay: 0, underWayMax: 0, unhandled: 0, originCalls: 0 };
const outcomes = { hit: 0, miss: 0, unavailable: 0 };
process.on('unhandledRejection', () => {
  counts.unhandled += 1;
});
cache.onEvent((event) => {
  if (event.type === 'read' && event.outcome in outcomes) outcomes[event.outcome] += 1;
});

async function load(id) {
  counts.originCalls += 1;
  await new Promise((resolve) => setTimeout(resolve, ORIGIN_MS));
  return { id, description: DESCRIPTION };
}

async function read(number) {
  counts.underWay += 1;
  counts.underWayMax = Math.max(counts.underWayMax, counts.underWay);
  const id = number % 2 === 0 ? String((number * 7_919) % REPEATED) : `new ${number}`;
  try {
    const value = await cache.getOrSet('product', id, () => load(id));
    if (value.id === id) counts.right += 1;
    else counts.wrong += 1;
  } catch {
    counts.failed += 1;
  } finally {
    counts.underWay -= 1;
  }
}

await cache.ready();
const startedMs = performance.now();
setInterval(() => {
  // After a moment in which the machine gave it no time, what was missed comes over the next ones.
  const due = Math.min(Math.floor(((performance.now() - startedMs) / 1_000) * perSecond), counts.asked + perSecond / 10);
  while (counts.asked < due) {
    counts.asked += 1;
    void read(counts.asked);
  }
}, 5);
setInterval(() => {
  const { rss, heapUsed } = process.memoryUsage();
  process.send({ rss, heapUsed, ...counts, ...outcomes });
  counts.underWayMax = counts.underWay;
}, 1_000);
process.on('disconnect', () => process.exit());
