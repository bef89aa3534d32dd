import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Cache, CacheOptions } from 'sideboard-engine';
import { EventOutbox } from './event-outbox.ts';
import { monotonicUs } from './monotonic-us.ts';
import { OriginLink } from './origin-link.ts';
import { createRandom } from './random.ts';
import { type ClientParts, holdEventLoop, readWithoutPause, runClient } from './run-client.ts';
import { type FromWorker, toWorker, type WorkerOrders } from './worker-message.ts';

/** A process of the workload: an engine of its own, loaded from the folder that the orders name, and its clients. Never imported. */

/** The engine's inner door, for a clock and a chance of one's own. */
interface EngineModule {
  createCacheWith(
    options: CacheOptions<string>,
    parts: {
      clock: { nowMs(): number; monotonicMs(): number; after(delayMs: number, run: () => void): () => void };
      random: () => number;
    },
  ): Cache<string>;
}

const FLUSH_EVERY_MS = 40;

const orders = parseOrders(process.argv[2]);
const { scenario } = orders;
let stopping = false;
let shiftMs = 0;
let ids = 0;
let localHits = 0;
const send = (message: FromWorker, sent = () => {}) => process.send?.(message, undefined, {}, sent);
const origin = new OriginLink((asks) => send({ t: 'asks', asks }));
const outbox = new EventOutbox(monotonicUs, (batch, sent) => send({ t: 'events', ...batch }, sent));

process.on('disconnect', () => process.exit(1));
const tellProblem = (error: unknown) =>
  send({ t: 'problem', text: error instanceof Error ? (error.stack ?? error.message) : String(error) }, () => process.exit(1));
process.on('unhandledRejection', tellProblem);
process.on('message', (raw) => {
  const message = toWorker.parse(raw);
  switch (message.t) {
    case 'answers':
      origin.answered(message.answers);
      break;
    case 'shift-clock':
      shiftMs = message.shiftMs;
      break;
    case 'block':
      if (message.by === 'nothing') holdEventLoop(message.forMs * 1_000);
      else readWithoutPause(clientParts('reads'), message.forMs).catch(tellProblem);
      break;
    case 'stop':
      stopping = true;
      break;
  }
});

const { createCacheWith }: EngineModule = await import(pathToFileURL(path.join(orders.engineDir, 'create-cache.js')).href);
const policy = { ttl: scenario.ttlMs, staleWindow: scenario.staleMs, leaseMs: scenario.leaseMs, loadTimeoutMs: scenario.leaseMs };
const cache = createCacheWith(
  {
    env: 'test',
    service: 'history',
    redis: orders.redisUrl,
    deadlineMs: scenario.deadlineMs,
    ...(scenario.l1BoundMs === null ? {} : { l1: { boundMs: scenario.l1BoundMs } }),
    policies: Object.fromEntries(scenario.entities.map((entity) => [entity, policy])),
  },
  {
    clock: {
      nowMs: () => Date.now() + shiftMs,
      monotonicMs: () => performance.now(),
      after: (delayMs, run) => {
        const timer = setTimeout(run, delayMs);
        timer.unref();
        return () => clearTimeout(timer);
      },
    },
    random: createRandom(orders.seed, orders.name, 'engine'),
  },
);
if (scenario.l1BoundMs !== null) {
  cache.onEvent((event) => {
    if (event.type === 'read' && event.tier === 'l1') localHits += 1;
  });
}
await cache.ready();
send({ t: 'ready' });
const flushing = setInterval(() => {
  // A send that fails means that nobody listens any more: `disconnect` ends this process.
  outbox.flush().catch(() => {});
}, FLUSH_EVERY_MS);
await Promise.all(Array.from({ length: scenario.clientsPerProcess }, (_, index) => runClient(clientParts(index))));
clearInterval(flushing);
await cache.close();
await outbox.flush();
send({ t: 'stopped' }, () => process.disconnect());

function clientParts(client: number | 'reads'): ClientParts {
  return {
    process: orders.name,
    client: `${orders.name}/${client}`,
    cache,
    origin,
    outbox,
    scenario,
    random: createRandom(orders.seed, orders.name, client),
    nextId: () => `${orders.name}-${++ids}`,
    localHits: () => localHits,
    stopping: () => stopping,
  };
}

/** Made by our own fleet from the type, and by nobody else. */
function parseOrders(text: string | undefined): WorkerOrders {
  return JSON.parse(text ?? '') as WorkerOrders;
}
