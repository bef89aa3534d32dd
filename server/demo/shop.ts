/** One shop of the demo fleet: a service as any other, that embeds the engine and reads and writes an origin for its visitors. */
import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'pg';
import { redisFromEnv } from 'sideboard-engine';
import { readDemoEnv } from './env.ts';
import { fillOrigin, untilFilled } from './fill-origin.ts';
import { startOpenLoop } from './open-loop.ts';
import { createOrigin } from './origin.ts';
import { createRandom } from './random.ts';
import { reachOrigin } from './reach-origin.ts';
import { createShopCache } from './shop-cache.ts';
import { createTroubleLog } from './trouble-log.ts';
import { createWorkload } from './workload.ts';

const LOOK_EVERY_MS = 1_000;
const CONNECTIONS_MAX = 4;
const QUERY_MS_MAX = 10_000;

const log = (line: string) => console.log(`${new Date().toISOString()} ${line}`);

async function main(): Promise<void> {
  const env = readDemoEnv();
  const ending = new AbortController();
  const asked = new Promise<void>((resolve) => ending.signal.addEventListener('abort', () => resolve(), { once: true }));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => ending.abort());

  const reads = createTroubleLog('reading', log, Date.now);
  const writes = createTroubleLog('writing', log, Date.now);
  const connections = createTroubleLog('the origin', log, Date.now);
  const pool = new Pool({
    connectionString: env.databaseUrl,
    max: CONNECTIONS_MAX,
    query_timeout: QUERY_MS_MAX,
    connectionTimeoutMillis: QUERY_MS_MAX,
  });
  pool.on('error', connections.failed);
  // Ends a pause early when asked to end; the loop that pauses looks at the signal.
  const pause = (ms: number) => delay(ms, undefined, { signal: ending.signal }).catch(() => undefined);
  const look = setInterval(() => {
    for (const trouble of [reads, writes, connections]) trouble.look();
  }, LOOK_EVERY_MS);
  const prepare = async () => {
    if (env.index !== 0) return untilFilled(pool, env.seed, ending.signal, pause);
    const how = await fillOrigin(pool, env.seed);
    log(`the origin ${how === 'filled' ? 'is filled' : how}`);
    return true;
  };
  const isFilled = await reachOrigin(prepare, connections, ending.signal, pause);
  if (isFilled !== true || ending.signal.aborted) {
    clearInterval(look);
    return pool.end();
  }

  const cache = createShopCache(redisFromEnv());
  cache.onEvent((event) => {
    if (event.type === 'redis.unavailable') log(`Redis (${event.role}) is unavailable: ${event.reason}`);
    if (event.type === 'redis.refused') log(`Redis (${event.role}) is still unavailable: ${event.reason}`);
    if (event.type === 'redis.available') log(`Redis (${event.role}) is back after ${(event.afterMs / 1_000).toFixed(1)} s`);
  });
  await cache.ready();
  const nextRequest = createWorkload(cache, createOrigin(pool), createRandom(env.seed, 'requests', env.index), env.products);
  let acknowledged = 0;
  const loop = startOpenLoop(env.readsPerSecond, createRandom(env.seed, 'arrivals', env.index), async () => {
    const request = nextRequest();
    try {
      await request.run();
      if (request.kind === 'write') acknowledged += 1;
    } catch (error) {
      (request.kind === 'read' ? reads : writes).failed(error);
    }
  });
  log(`open for visitors, ${Math.round(env.readsPerSecond)} requests/s`);

  await asked;
  log(`told to end after ${acknowledged} writes`);
  clearInterval(look);
  await loop.stop(env.drainMsMax);
  await cache.close();
  await pool.end();
  log(`closed; ${acknowledged} writes, ${writes.total()} failed writes, ${reads.total()} failed reads, ${loop.turnedAway()} turned away`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
  // What is still open must not keep a failed shop alive.
  process.exit();
});
