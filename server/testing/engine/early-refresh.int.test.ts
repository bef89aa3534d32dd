import { describe, expect, it, vi } from 'vitest';
import { acquireRefresh, releaseLease } from '../../engine/scripts.ts';
import { commandCalls } from './command-calls.ts';
import { holdLinksTo } from './held-links.ts';
import { keySpaceOf } from './key-space.ts';
import { countingLoader, deferred, patient, type TracedCache } from './open-caches.ts';
import { redisBed } from './redis-bed.ts';

const bed = redisBed(patient);
const { caches } = bed;
const { keyOf, leaseOf, putEntry, entry } = keySpaceOf(() => bed.redis);

const from80 = { policies: { product: { ttl: '10min', staleWindow: '1min', earlyRefresh: 0.8 } } } as const;
const off = { policies: { product: { ttl: '10min', staleWindow: '1min', earlyRefresh: 'off' } } } as const;
/** 90% of its TTL are over. */
const late = { createdMs: -540_000, freshMs: 60_000, expiresMs: 120_000, loadCostMs: 1 };
const early = (...traced: readonly TracedCache[]) =>
  traced.flatMap(({ events }) => events.filter((event) => event.type === 'load.started' && event.reason === 'early')).length;
const outcomes = (...traced: readonly TracedCache[]) =>
  new Set(traced.flatMap(({ events }) => events.flatMap((event) => (event.type === 'read' ? [event.outcome] : []))));

describe('early refresh', () => {
  it('is done by one instance of the fleet, while all are served a hit and none waits', async () => {
    const fleet = [await caches.open(from80), await caches.open(from80), await caches.open(from80)];
    await putEntry('1', 'old', late);
    const answer = deferred<string>();
    const { load, calls } = countingLoader(() => answer.promise);
    for (let round = 0; round < 10; round += 1) {
      // Each read is answered although the load is held.
      const reads = fleet.flatMap(({ cache }) => [cache.getOrSet('product', '1', load), cache.getOrSet('product', '1', load)]);
      expect(new Set(await Promise.all(reads))).toEqual(new Set(['old']));
    }
    await vi.waitFor(() => expect(calls()).toBe(1));
    answer.resolve('new');
    await vi.waitFor(async () => expect(await entry('1')).toMatchObject({ kind: 'fresh' }));
    await vi.waitFor(async () => expect(await bed.redis.exists(await leaseOf('1'))).toBe(0));
    for (const { cache } of fleet) expect(await cache.getOrSet('product', '1', load)).toBe('new');
    expect(calls()).toBe(1);
    expect(early(...fleet)).toBe(1);
    expect(outcomes(...fleet)).toEqual(new Set(['hit']));
  });

  it.each(['hard', 'soft'] as const)('a %s invalidation while it loads wins: what was loaded is not stored', async (mode) => {
    const [a, b] = [await caches.open(from80), await caches.open(from80)];
    await putEntry('1', 'old', late);
    const answer = deferred<string>();
    const { load, calls } = countingLoader(() => answer.promise);
    expect(await a.cache.getOrSet('product', '1', load)).toBe('old');
    await vi.waitFor(() => expect(calls()).toBe(1));
    expect(await b.cache.invalidate('product', '1', { mode })).toMatchObject({ leasesRevoked: 1 });
    answer.resolve('loaded before');
    await vi.waitFor(() => expect(a.events).toContainEqual({ type: 'fill', entity: 'product', id: '1', result: 'rejected' }));
    expect(await b.cache.peek('product', '1')).toMatchObject(mode === 'hard' ? { kind: 'miss' } : { kind: 'stale', value: 'old' });
  });

  it('asks for nothing where the entry has changed since it was read', async () => {
    const { cache, events } = await caches.open(from80);
    await putEntry('1', 'old', late);
    const { load, calls } = countingLoader(() => Promise.resolve('new'));
    const read = cache.getOrSet('product', '1', load);
    const marked = cache.invalidate('product', '1', { mode: 'soft' });
    expect(await read).toBe('old');
    await marked;
    await vi.waitFor(async () => {
      await cache.getOrSet('product', '1', load);
      expect(await entry('1')).toMatchObject({ kind: 'fresh', flags: [] });
    });
    expect(calls()).toBe(events.filter((event) => event.type === 'load.started').length);
    expect(await cache.get('product', '1')).toBe('new');
  });

  it('is not begun under a version that was left meanwhile, and its lease is given back', async () => {
    const links = await holdLinksTo(bed.server.port);
    const [a, b] = [await caches.open({ ...from80, redis: links.url }), await caches.open(from80)];
    await putEntry('1', 'old', late);
    const lease = await leaseOf('1');
    const { load, calls } = countingLoader(() => Promise.resolve('new'));
    links.takeSent('lease');
    const release = links.hold('lease', 'toServer');
    expect(await a.cache.getOrSet('product', '1', load)).toBe('old');
    await vi.waitFor(() => expect(links.takeSent('lease')).toContain(acquireRefresh.sha));
    await b.cache.bumpVersion('product');
    release();
    await vi.waitFor(() => expect(links.takeSent('lease')).toContain(releaseLease.sha));
    await vi.waitFor(async () => expect(await bed.redis.exists(lease)).toBe(0));
    // Its load would have begun by now.
    await a.cache.get('product', 'none');
    expect(calls()).toBe(0);
    expect(early(a)).toBe(0);
    await links.close();
  });

  it('that fails leaves the entry served and its lease free', async () => {
    const { cache, events } = await caches.open(from80);
    await putEntry('1', 'old', late);
    const { load, calls } = countingLoader(() => Promise.reject(new Error('origin down')));
    expect(await cache.getOrSet('product', '1', load)).toBe('old');
    await vi.waitFor(() => expect(events.some((event) => event.type === 'load.failed')).toBe(true));
    await vi.waitFor(async () => expect(await bed.redis.exists(await leaseOf('1'))).toBe(0));
    expect(await cache.getOrSet('product', '1', load)).toBe('old');
    expect(calls()).toBe(1);
    expect(await bed.redis.exists(await keyOf('1'))).toBe(1);
  });

  it('needs somebody who brings a loader', async () => {
    const { cache } = await caches.open(from80);
    await putEntry('1', 'old', late);
    await cache.get('product', '1');
    await cache.peek('product', '1');
    expect(await bed.redis.exists(await leaseOf('1'))).toBe(0);
  });

  it('by xfetch: the measured cost of the load and chance decide', async () => {
    const lucky = await caches.open({}, { random: () => 0.9 });
    const unlucky = await caches.open({}, { random: () => 1e-9 });
    const { load, calls } = countingLoader(() => Promise.resolve('new'));
    // -ln(0.9) is about 0.1, -ln(1e-9) about 20.7: chance reaches 6 s and 1243 s before the end.
    await putEntry('1', 'old', { ...late, loadCostMs: 60_000 });
    expect(await lucky.cache.getOrSet('product', '1', load)).toBe('old');
    await putEntry('2', 'old', { ...late, loadCostMs: 0 });
    expect(await unlucky.cache.getOrSet('product', '2', load)).toBe('old');
    expect(await bed.redis.exists(await leaseOf('1'), await leaseOf('2'))).toBe(0);
    expect(calls()).toBe(0);
    expect(await unlucky.cache.getOrSet('product', '1', load)).toBe('old');
    await vi.waitFor(async () => expect(await unlucky.cache.get('product', '1')).toBe('new'));
    expect(calls()).toBe(1);
    expect(early(unlucky)).toBe(1);
  });

  it('off: a fresh entry is only read, to its end', async () => {
    const { cache, events } = await caches.open(off, { random: () => 0 });
    await putEntry('1', 'old', { ...late, loadCostMs: 600_000 });
    await bed.redis.config('RESETSTAT');
    expect(await cache.getOrSet('product', '1', () => Promise.resolve('new'))).toBe('old');
    await cache.close();
    expect(events.filter((event) => event.type === 'load.started')).toEqual([]);
    expect((await commandCalls(bed.redis)).has('evalsha')).toBe(false);
  });
});
