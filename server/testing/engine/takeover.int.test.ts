import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { inboxPrefix } from '../../engine/keys.ts';
import { FALLBACK_MS } from '../../engine/lease-gates.ts';
import { invalidateEntry } from '../../engine/scripts.ts';
import { buildEngine } from '../build-engine.ts';
import { keySpaceOf, token } from './key-space.ts';
import { manualClock } from './manual-clock.ts';
import { countingLoader, deferred, patient } from './open-caches.ts';
import { redisBed } from './redis-bed.ts';

const said = z.union([
  z.object({ ready: z.literal(true) }),
  z.object({ loading: z.literal(true) }),
  z.object({ values: z.array(z.string()) }),
]);
const bed = redisBed(patient);
const { caches } = bed;
const { leaseOf, keyOf } = keySpaceOf(() => bed.redis);
const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await caches.closeAll();
});

interface Process {
  child: ChildProcess;
  loads: () => number;
  values: () => string[];
}

async function startProcess(loadMs: number | 'hang'): Promise<Process> {
  const child = fork(path.join(import.meta.dirname, 'takeover-child.mjs'), [bed.server.url, String(loadMs)]);
  children.push(child);
  let loads = 0;
  const values: string[] = [];
  const ready = deferred();
  child.on('message', (message) => {
    const heard = said.parse(message);
    if ('ready' in heard) ready.resolve();
    else if ('loading' in heard) loads += 1;
    else values.push(...heard.values);
  });
  await ready.promise;
  return { child, loads: () => loads, values: () => values };
}

describe('rule 6: a holder that is killed while it loads', () => {
  it('with real processes: the others have the value of one more origin call, made once its lease has run out', async () => {
    buildEngine();
    // A load longer than the fallback timer: every waiter looks again while the second load runs.
    const [holder, ...others] = await Promise.all([startProcess('hang'), startProcess(2 * FALLBACK_MS), startProcess(2 * FALLBACK_MS)]);
    holder.child.send({ go: true, callers: 10 });
    await vi.waitFor(() => expect(holder.loads()).toBe(1));
    const lease = await leaseOf('1');
    for (const { child } of others) child.send({ go: true, callers: 50 });
    await vi.waitFor(async () => expect(await bed.redis.strlen(lease)).toBe(24 + 2 * 16));
    const held = (await bed.redis.get(lease))?.slice(0, 24);
    holder.child.kill('SIGKILL');
    await vi.waitFor(async () => {
      const standing = (await bed.redis.get(lease))?.slice(0, 24);
      if (standing === held) expect(others.map(({ loads }) => loads())).toEqual([0, 0]);
      for (const { values } of others) expect(values()).toHaveLength(1);
    }, 10_000);
    expect(others.reduce((sum, { loads }) => sum + loads(), 0)).toBe(1);
    expect(new Set(others.flatMap(({ values }) => values())).size).toBe(1);
    for (const { child } of others) child.send({ go: false });
    await Promise.all(others.map(({ child }) => once(child, 'exit')));
  });

  it('its lease passes to one waiter; the rest wait for that one', async () => {
    const clocks = [manualClock(), manualClock()] as const;
    const b = await caches.open({}, { clock: clocks[0] });
    const c = await caches.open({}, { clock: clocks[1] });
    const lease = await leaseOf('1');
    await bed.redis.set(lease, token('L', 'dead'), 'PX', 60_000);
    const answer = deferred<string>();
    const [byB, byC] = [countingLoader(() => answer.promise), countingLoader(() => Promise.resolve('own'))];
    const readB = b.cache.getOrSet('product', '1', byB.load);
    await vi.waitFor(async () => expect(await bed.redis.strlen(lease)).toBe(40));
    const readC = c.cache.getOrSet('product', '1', byC.load);
    await vi.waitFor(async () => expect(await bed.redis.strlen(lease)).toBe(56));
    // It runs out: nobody is told.
    await bed.redis.del(lease);
    clocks[0].advance(FALLBACK_MS);
    await vi.waitFor(() => expect(byB.calls()).toBe(1));
    clocks[1].advance(FALLBACK_MS);
    await vi.waitFor(async () => expect(await bed.redis.strlen(lease)).toBe(40));
    answer.resolve('value');
    expect(await Promise.all([readB, readC])).toEqual(['value', 'value']);
    expect(byC.calls()).toBe(0);
  });
});

describe('rule 6: waiters', () => {
  it('one whose push was lost looks again by itself', async () => {
    const clock = manualClock();
    const [a, b] = [await caches.open(), await caches.open({}, { clock })];
    const answer = deferred<string>();
    const read = a.cache.getOrSet('product', '1', () => answer.promise);
    const lease = await leaseOf('1');
    await vi.waitFor(async () => expect(await bed.redis.exists(lease)).toBe(1));
    const own = countingLoader(() => Promise.resolve('own'));
    const waiting = b.cache.getOrSet('product', '1', own.load);
    await vi.waitFor(async () => expect(await bed.redis.strlen(lease)).toBe(40));
    // Struck off the list, it is told of nothing.
    await bed.redis.set(lease, ((await bed.redis.get(lease)) ?? '').slice(0, 24), 'KEEPTTL');
    answer.resolve('value');
    expect(await read).toBe('value');
    await vi.waitFor(async () => expect(await bed.redis.exists(await keyOf('1'))).toBe(1));
    expect(b.events.filter((event) => event.type === 'read')).toEqual([]);
    clock.advance(FALLBACK_MS);
    expect(await waiting).toBe('value');
    expect(own.calls()).toBe(0);
  });

  it('one that is told of a revocation, and finds the lease with another, loads by itself', async () => {
    const b = await caches.open({}, { clock: manualClock() });
    const [key, lease] = [await keyOf('1'), await leaseOf('1')];
    await bed.redis.set(lease, token('L', 'first'), 'PX', 60_000);
    const own = countingLoader(() => Promise.resolve('own'));
    const waiting = b.cache.getOrSet('product', '1', own.load);
    await vi.waitFor(async () => expect(await bed.redis.strlen(lease)).toBe(40));
    await bed.redis
      .multi()
      .eval(invalidateEntry.lua, 2, key, lease, inboxPrefix({ env: 'test', service: 'shop' }))
      .set(lease, token('L', 'second'), 'PX', 60_000)
      .exec();
    expect(await waiting).toBe('own');
    expect(b.events).toContainEqual({ type: 'load.started', entity: 'product', id: '1', leased: false, reason: 'miss' });
  });

  it('one whose holder a write revokes is told at once, and loads while the origin is written', async () => {
    // Nobody looks again but who is told to.
    const [a, b] = [await caches.open(), await caches.open({}, { clock: manualClock() })];
    const lease = await leaseOf('1');
    await bed.redis.set(lease, token('L', 'holder'), 'PX', 60_000);
    const own = countingLoader(() => Promise.resolve('own'));
    const waiting = b.cache.getOrSet('product', '1', own.load);
    await vi.waitFor(async () => expect(await bed.redis.strlen(lease)).toBe(40));
    const origin = deferred<string>();
    const written = a.cache.set('product', '1', () => origin.promise);
    expect(await waiting).toBe('own');
    expect(await bed.redis.get(lease)).toMatch(/^W/);
    origin.resolve('written');
    await written;
    expect(await b.cache.get('product', '1')).toBe('written');
  });

  it('one that is told that a failed load gave the lease back waits for whoever has it next', async () => {
    // Nobody looks again but who is told to.
    const parts = { clock: manualClock() };
    const [a, b, c] = [await caches.open(), await caches.open({}, parts), await caches.open({}, parts)];
    const lease = await leaseOf('1');
    const failing = deferred<string>();
    const failed = expect(a.cache.getOrSet('product', '1', () => failing.promise)).rejects.toThrow('origin');
    await vi.waitFor(async () => expect(await bed.redis.exists(lease)).toBe(1));
    const answer = deferred<string>();
    const own = countingLoader(() => answer.promise);
    const reads = [b, c].map(({ cache }) => cache.getOrSet('product', '1', own.load));
    await vi.waitFor(async () => expect(await bed.redis.strlen(lease)).toBe(24 + 2 * 16));
    failing.reject(new Error('origin'));
    await failed;
    // One has it, the other is listed again.
    await vi.waitFor(async () => expect(await bed.redis.strlen(lease)).toBe(24 + 16));
    answer.resolve('value');
    expect(await Promise.all(reads)).toEqual(['value', 'value']);
    expect(own.calls()).toBe(1);
  });

  it('one that hears of no revocation loads by itself when the lease has changed hands twice', async () => {
    const clock = manualClock();
    const b = await caches.open({}, { clock });
    const lease = await leaseOf('1');
    await bed.redis.set(lease, token('L', 'first'), 'PX', 60_000);
    const own = countingLoader(() => Promise.resolve('own'));
    const waiting = b.cache.getOrSet('product', '1', own.load);
    for (const next of ['second', 'third']) {
      await vi.waitFor(async () => expect(await bed.redis.strlen(lease)).toBe(40));
      expect(own.calls()).toBe(0);
      await bed.redis.set(lease, token('L', next), 'PX', 60_000);
      clock.advance(FALLBACK_MS);
    }
    expect(await waiting).toBe('own');
  });

  it('one does not wait for ever for a lease that is renewed for ever', async () => {
    const clock = manualClock();
    const b = await caches.open({ policies: { product: { ttl: '10min', loadTimeoutMs: 1_000, leaseMs: 2_000 } } }, { clock });
    const lease = await leaseOf('1');
    await bed.redis.set(lease, token('L', 'other'), 'PX', 60_000);
    const own = countingLoader(() => Promise.resolve('own'));
    const waiting = b.cache.getOrSet('product', '1', own.load);
    await vi.waitFor(async () => expect(await bed.redis.strlen(lease)).toBe(40));
    clock.advance(3_000);
    expect(await waiting).toBe('own');
  });
});
