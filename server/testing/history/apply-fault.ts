import { cp, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { RedisServer } from '../redis-server.ts';
import { applyLinkFault } from './apply-link-fault.ts';
import { askAdmin } from './ask-admin.ts';
import { type Fleet, hasRole, type Worker } from './fleet.ts';
import type { RemovedEvent, SilenceEvent } from './history-event.ts';
import { monotonicUs } from './monotonic-us.ts';
import type { PlannedFault } from './plan-faults.ts';
import { createRandom } from './random.ts';
import { takeOut } from './take-out.ts';

export interface FaultTargets {
  readonly redis: RedisServer;
  readonly fleet: Fleet;
  /** Says that Redis can acknowledge nothing, or that it can again; or what was taken out of it. */
  readonly note: (event: SilenceEvent | RemovedEvent) => void;
}

/** Redis keeps its append-only file here, within its folder. */
const AOF_DIR = 'appendonlydir';
const ROLES = ['read', 'write', 'lease', 'subscriber', 'control'] as const;

/** Applies one fault and takes it away again; resolves when that is done. */
export async function applyFault(fault: PlannedFault, targets: FaultTargets): Promise<void> {
  const { redis, fleet } = targets;
  const { forMs, target } = fault;
  const worker = fleet.worker(target);
  const random = createRandom(fault.kind, target);
  switch (fault.kind) {
    case 'kill-redis':
      await redis.kill();
      await silence(targets, forMs);
      return redis.restart();
    case 'pause-redis':
      redis.pause();
      if (await isStopped(redis.pid)) await silence(targets, forMs);
      else await pause(forMs);
      return redis.resume();
    case 'flush':
      return askAdmin(redis, async (client) => {
        await client.flushall();
      });
    case 'take-out':
      return askAdmin(redis, (client) => takeOut(client, random, targets.note));
    case 'delete-some':
      return askAdmin(redis, (client) => deleteSome(client, forMs, random));
    case 'out-of-memory':
      return askAdmin(redis, async (client) => {
        await client.config('SET', 'maxmemory', '1');
        await pause(forMs);
        await client.config('SET', 'maxmemory', '0');
      });
    case 'evict':
      return askAdmin(redis, async (client) => {
        const used = Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1] ?? 0);
        await client.config('SET', 'maxmemory-policy', random() < 0.5 ? 'volatile-random' : 'allkeys-random');
        await client.config('SET', 'maxmemory', String(used - 20_000));
        await pause(forMs);
        await client.config('SET', 'maxmemory', '0');
        await client.config('SET', 'maxmemory-policy', 'noeviction');
      });
    case 'demote':
      return askAdmin(redis, async (client) => {
        // Nothing listens on port 1: it waits for a primary, and serves what it has.
        await client.replicaof('127.0.0.1', 1);
        await silence(targets, forMs);
        await client.replicaof('NO', 'ONE');
      });
    case 'restart-from-old-copy':
      return restartFromOldCopy(targets, forMs);
    case 'replace-fleet': {
      const size = fleet.standing;
      await fleet.killAll();
      await askAdmin(redis, async (client) => {
        const records = await client.keys('sideboard:*:version:*');
        if (records.length > 0) await client.del(...records);
      });
      const sinceUs = monotonicUs();
      await Promise.all(Array.from({ length: size }, () => fleet.start(sinceUs)));
      return;
    }
    case 'kill-process':
      return worker === undefined ? undefined : replace(fleet, worker);
    case 'pause-process':
      return worker === undefined ? undefined : pauseWorker(fleet, worker, forMs);
    case 'kill-holder': {
      const holder = await nextLoader(fleet);
      return holder === undefined ? undefined : replace(fleet, holder);
    }
    case 'pause-holder': {
      const holder = await nextLoader(fleet);
      return holder === undefined ? undefined : pauseWorker(fleet, holder, forMs);
    }
    case 'step-clock':
      if (worker !== undefined) fleet.tell(worker, { t: 'shift-clock', shiftMs: random() < 0.5 ? forMs : -forMs });
      return;
    case 'block-process':
    case 'read-without-pause':
      if (worker !== undefined) fleet.tell(worker, { t: 'block', forMs, by: fault.kind === 'block-process' ? 'nothing' : 'reads' });
      // The next fault of this lane comes after it.
      return pause(forMs);
    case 'late-commands':
    case 'late-replies': {
      const direction = fault.kind === 'late-commands' ? 'toServer' : 'toClient';
      const releases = (worker?.proxy.links() ?? []).filter(() => random() < 0.7).map((link) => link.hold(direction));
      await pause(forMs);
      for (const release of releases) release();
      return;
    }
    case 'swallow-replies': {
      const role = ROLES[Math.floor(random() * ROLES.length)] ?? 'read';
      for (const link of worker?.proxy.links() ?? []) if (hasRole(link, role)) link.swallowNext('toClient');
      return;
    }
    case 'reset-links':
      for (const link of worker?.proxy.links() ?? []) link.reset();
      return;
    case 'black-hole': {
      const links = (worker?.proxy.links() ?? []).filter(() => random() < 0.7);
      for (const link of links) link.blackHole();
      await pause(forMs);
      for (const link of links) link.reset();
      return;
    }
    case 'cut-tracking':
    case 'silence-tracking':
    case 'hold-tracking':
    case 'half-open-tracking':
    case 'kill-by-type':
    case 'refuse-tracking':
    case 'lose-subscriptions':
      return applyLinkFault(fault.kind, forMs, { redis, worker, random });
  }
}

async function silence(targets: FaultTargets, forMs: number): Promise<void> {
  targets.note({ kind: 'silence-begun', atUs: monotonicUs() });
  await pause(forMs);
  targets.note({ kind: 'silence-ended', atUs: monotonicUs() });
}

async function replace(fleet: Fleet, worker: Worker): Promise<void> {
  await fleet.kill(worker);
  await fleet.start(monotonicUs());
}

async function pauseWorker(fleet: Fleet, worker: Worker, forMs: number): Promise<void> {
  fleet.pause(worker);
  await pause(forMs);
  fleet.resume(worker);
}

/** Undefined where nobody loads for a while. */
async function nextLoader(fleet: Fleet): Promise<Worker | undefined> {
  const name = await Promise.race([
    new Promise<string>((resolve) => fleet.origin.onNextRead(resolve)),
    pause(1_000, undefined, { ref: false }),
  ]);
  return fleet.workers().find((worker) => worker.name === name);
}

async function deleteSome(client: Redis, forMs: number, random: () => number): Promise<void> {
  const untilUs = monotonicUs() + forMs * 1_000;
  while (monotonicUs() < untilUs) {
    const doomed = new Set<string>();
    for (const key of await client.keys('{*}:lease')) if (random() < 0.5) doomed.add(key);
    for (const key of await client.keys('sideboard:*:version:*')) if (random() < 0.2) doomed.add(key);
    for (let index = 0; index < 20; index += 1) {
      const key = await client.randomkey();
      if (key !== null) doomed.add(key);
    }
    if (doomed.size > 0) await client.del(...doomed);
    await pause(10);
  }
}

/** While it is stopped no rewrite can end, so the copied files belong together. */
async function restartFromOldCopy(targets: FaultTargets, forMs: number): Promise<void> {
  const { redis } = targets;
  const copy = path.join(redis.dir, 'old-copy');
  const live = path.join(redis.dir, AOF_DIR);
  redis.pause();
  await isStopped(redis.pid);
  await rm(copy, { recursive: true, force: true });
  await cp(live, copy, { recursive: true });
  redis.resume();
  await pause(forMs);
  await redis.kill();
  targets.note({ kind: 'silence-begun', atUs: monotonicUs() });
  await rm(live, { recursive: true, force: true });
  await cp(copy, live, { recursive: true });
  targets.note({ kind: 'silence-ended', atUs: monotonicUs() });
  await redis.restart();
}

/** True once the process is seen to be stopped; false where the system cannot say. */
async function isStopped(pid: number): Promise<boolean> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
    if (stat === null) return false;
    if (/\) [Tt] /.test(stat)) return true;
    await pause(1);
  }
  return false;
}
