import type { KeySpaceRef, Operator } from 'sideboard-engine';
import type { EntityLatency, TopKeysView } from '../contract/live.ts';
import type { AuditLog } from '../control/audit/audit-log.ts';
import type { ErrorLog, LiveFeed } from '../control/deps.ts';
import type { ExperimentBook } from '../control/lab/experiment-book.ts';
import type { PolicyBook } from '../control/policies/policy-book.ts';
import type { Store } from '../db/store.ts';
import { createBreakerWatch } from './breaker-watch.ts';
import type { FleetWatch } from './fleet-watch.ts';
import { createLiveFeed } from './live-feed.ts';
import { liveState } from './live-state.ts';
import { loop } from './loop.ts';
import { createPointWindow } from './point-window.ts';
import { createRedisWatch } from './redis-watch.ts';
import { createTopKeysWindow } from './top-keys-window.ts';

const TICK_MS = 1_000;
const FLEET_MS = 1_000;
const RECONCILE_MS = 3_000;
const FRAMES_MAX = 500;
const FRAMES_BLOCK_MS = 1_000;
const FRAMES_RETRY_MS = 250;
/** Every entity's sketches are merged anew at this pace, not each tick. */
const LATENCY_TICKS = 3;

interface HubParts {
  operator: Operator;
  store: Store;
  fleet: FleetWatch;
  audit: AuditLog;
  experiments: ExperimentBook;
  policies: PolicyBook;
  log: ErrorLog;
  now: () => number;
}

export interface LiveHub extends LiveFeed {
  start(): void;
  close(): Promise<void>;
}

/**
 * One for the process, whatever the number of browsers: reads the frames of all services, samples Redis, watches the
 * fleet, and keeps what must be true true (spooled audit, ended experiments, lost policies).
 */
export function createLiveHub({ operator, store, fleet, audit, experiments, policies, log, now }: HubParts): LiveHub {
  const ending = new AbortController();
  const window = createPointWindow();
  const topKeysWindow = createTopKeysWindow();
  const redis = createRedisWatch(operator);
  const breakers = createBreakerWatch();
  const positions = new Map<KeySpaceRef, string>();
  const running: Promise<void>[] = [];
  let entityLatency: EntityLatency[] = [];
  let topKeys: TopKeysView[] = [];
  let ticks = 0;

  const state = () => liveState({ fleet, breakers, experiments, audit, store, redis: redis.state(), entityLatency, topKeys, now: now() });
  const feed = createLiveFeed({ snapshot: () => ({ state: state(), points: window.points() }), now });

  async function watchFleet(): Promise<void> {
    await fleet.poll();
    for (const ref of fleet.services()) {
      if (!positions.has(ref)) positions.set(ref, '0');
      const alive = fleet.instances(ref).filter(fleet.isAlive);
      experiments.observe(ref, alive, fleet.faults(ref), fleet.redisNow());
    }
    breakers.keep(fleet.services().flatMap((ref) => fleet.instances(ref)));
  }

  async function readFrames(): Promise<void> {
    if (positions.size === 0) return;
    const batches = await operator.frames(positions, { count: FRAMES_MAX, blockMs: FRAMES_BLOCK_MS });
    for (const { ref, lastId, frames } of batches) {
      const mine = fleet.services().find(({ env, service }) => env === ref.env && service === ref.service);
      if (mine === undefined) continue;
      positions.set(mine, lastId);
      const expected = fleet.instances(mine).filter(fleet.isAlive).length;
      for (const frame of frames) {
        window.addFrame(mine, frame, expected);
        breakers.add(frame);
        topKeysWindow.addFrame(mine, frame);
      }
    }
  }

  async function tick(): Promise<void> {
    const { t, point } = await redis.sample(fleet.redisNow());
    window.addRedis(t, point);
    window.trim(fleet.redisNow());
    if (ticks % LATENCY_TICKS === 0) {
      entityLatency = window.entityLatency();
      topKeys = topKeysWindow.views(fleet.redisNow());
    }
    ticks += 1;
    feed.publish(state(), window.takeChanged());
  }

  async function reconcile(): Promise<void> {
    await experiments.refresh(fleet.redisNow());
    if (store.state().state === 'up') {
      await audit.drain();
      await audit.refresh();
    }
    if (operator.state().state !== 'up') return;
    const published = await policies.reconcile(operator, fleet.services());
    for (const ref of published) log.warn({ ...ref }, 'Redis had lost the policies of a service: published again');
  }

  return {
    subscribe: (options) => feed.subscribe(options),
    start() {
      const run = (name: string, everyMs: number, work: () => Promise<void>) => running.push(loop(name, everyMs, work, ending.signal, log));
      run('fleet', FLEET_MS, watchFleet);
      run('frames', FRAMES_RETRY_MS, readFrames);
      run('tick', TICK_MS, tick);
      run('reconcile', RECONCILE_MS, reconcile);
    },
    async close() {
      ending.abort();
      feed.close();
      await Promise.all(running);
    },
  };
}
