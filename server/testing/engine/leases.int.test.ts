import { describe, expect, it, vi } from 'vitest';
import { inboxPrefix, leaseKey } from '../../engine/keys.ts';
import { runScript } from '../../engine/redis/run-pipeline.ts';
import { acquireLease, beginWrite, extendEntry, fillEntry, invalidateEntry, releaseLease, renewLease } from '../../engine/scripts.ts';
import { commandCalls } from './command-calls.ts';
import { holdLinksTo } from './held-links.ts';
import { keySpaceOf, token } from './key-space.ts';
import { manualClock } from './manual-clock.ts';
import { countingLoader, deferred, patient, type TracedCache } from './open-caches.ts';
import { redisBed } from './redis-bed.ts';

const bed = redisBed(patient);
const { caches } = bed;
const { keyOf, leaseOf } = keySpaceOf(() => bed.redis);

/** Waits until Redis has run so many scripts since RESETSTAT. */
const scriptsRun = (count: number) =>
  vi.waitFor(async () => {
    const calls = await commandCalls(bed.redis);
    expect((calls.get('evalsha') ?? 0) + (calls.get('eval') ?? 0)).toBe(count);
  });

describe('rule 1: a strict read returns nothing that is older than its start', () => {
  it('a read after an acknowledged invalidation does not join the load that ran before it', async () => {
    const { cache } = await caches.open();
    const old = deferred<string>();
    const first = cache.getOrSet('product', '1', () => old.promise);
    await vi.waitFor(async () => expect(await bed.redis.exists(await leaseOf('1'))).toBe(1));
    await cache.invalidate('product', '1');
    const fresh = countingLoader(() => Promise.resolve('new'));
    const second = cache.getOrSet('product', '1', fresh.load);
    // The lease goes to the second read's load, which waits for the running one: one running and one next.
    await vi.waitFor(async () => expect(await bed.redis.exists(await leaseOf('1'))).toBe(1));
    expect(fresh.calls()).toBe(0);
    old.resolve('old');
    expect(await first).toBe('old');
    expect(await second).toBe('new');
    await vi.waitFor(async () => expect(await cache.get('product', '1')).toBe('new'));
  });

  it("a read that sees another instance's lease does not join the own load that was revoked", async () => {
    const [a, b] = [await caches.open(), await caches.open()];
    const [old, fresh] = [deferred<string>(), deferred<string>()];
    const first = a.cache.getOrSet('product', '1', () => old.promise);
    const lease = await leaseOf('1');
    await vi.waitFor(async () => expect(await bed.redis.exists(lease)).toBe(1));
    await b.cache.invalidate('product', '1');
    const taken = b.cache.getOrSet('product', '1', () => fresh.promise);
    await vi.waitFor(async () => expect(await bed.redis.exists(lease)).toBe(1));
    const second = a.cache.getOrSet('product', '1', () => Promise.resolve('own'));
    await vi.waitFor(async () => expect(await bed.redis.strlen(lease)).toBe(40));
    old.resolve('old');
    expect(await first).toBe('old');
    fresh.resolve('fresh');
    expect(await taken).toBe('fresh');
    expect(await second).toBe('fresh');
  });

  it.each([
    ['an invalidation', ({ cache }: TracedCache) => cache.invalidate('product', '1')],
    // The entry still stands under the version that the first of them asks about.
    ['a bump', ({ cache }: TracedCache) => cache.bumpVersion('product')],
  ])('one that comes after %s, while a lease is asked for, is not served the entry that stood there before', async (_what, putAnEnd) => {
    const links = await holdLinksTo(bed.server.port);
    const [a, b] = [await caches.open({ redis: links.url }), await caches.open()];
    // A script that Redis does not know yet is sent twice.
    await a.cache.getOrSet('product', 'warm', () => Promise.resolve('v'));
    await vi.waitFor(async () => expect(await a.cache.get('product', 'warm')).toBe('v'));
    links.takeSent('lease');
    const question = links.hold('lease', 'toServer');
    const first = a.cache.getOrSet('product', '1', () => Promise.resolve('own'));
    const key = await keyOf('1');
    await vi.waitFor(() => expect(links.takeSent('lease')).toContain(key));
    await b.cache.set('product', '1', 'old');
    await bed.redis.config('RESETSTAT');
    const answer = links.hold('lease', 'toClient');
    question();
    await scriptsRun(1);
    await putAnEnd(b);
    const fresh = countingLoader(() => Promise.resolve('new'));
    const second = a.cache.getOrSet('product', '1', fresh.load);
    // Asked for after it, so answered after it: it waits for a lease by then.
    await a.cache.get('product', 'none');
    answer();
    expect(await first).toBe('old');
    expect(await second).toBe('new');
    expect(fresh.calls()).toBe(1);
    await links.close();
  });

  it('one that comes while a lease is asked for does not join the load whose token stood before it came', async () => {
    const links = await holdLinksTo(bed.server.port);
    const [a, b] = [await caches.open({ redis: links.url }), await caches.open()];
    await a.cache.get('product', 'none');
    const [key, lease] = [await keyOf('1'), await leaseOf('1')];
    const asked = () => vi.waitFor(() => expect(links.takeSent('lease')).toContain(key));
    links.takeSent('lease');
    const firstQuestion = links.hold('lease', 'toServer');
    const answer = deferred<string>();
    const old = countingLoader(() => answer.promise);
    const first = a.cache.getOrSet('product', '1', old.load);
    await asked();
    // It asks for the entry while nothing loads, and hears of it when the load runs.
    await bed.redis.config('RESETSTAT');
    const entries = links.hold('read', 'toClient');
    const second = a.cache.getOrSet('product', '1', () => Promise.resolve('own'));
    await vi.waitFor(async () => expect((await commandCalls(bed.redis)).get('mget')).toBe(1));
    firstQuestion();
    await vi.waitFor(() => expect(old.calls()).toBe(1));
    links.takeSent('lease');
    const nextQuestion = links.hold('lease', 'toServer');
    entries();
    await asked();
    const held = links.hold('lease', 'toClient');
    nextQuestion();
    await vi.waitFor(async () => expect(await bed.redis.strlen(lease)).toBe(40));
    await b.cache.invalidate('product', '1');
    const fresh = countingLoader(() => Promise.resolve('new'));
    const third = a.cache.getOrSet('product', '1', fresh.load);
    await a.cache.get('product', 'none');
    held();
    answer.resolve('old');
    expect(await Promise.all([first, second, third])).toEqual(['old', 'old', 'new']);
    expect(fresh.calls()).toBe(1);
    await links.close();
  });

  it('with Redis unreachable, joiners share the next load: one running and one next', async () => {
    const { cache } = await caches.open();
    await bed.server.kill();
    try {
      const answers = [deferred<string>(), deferred<string>(), deferred<string>()];
      const { load, calls } = countingLoader((call) => answers[call - 1]?.promise ?? Promise.reject(new Error('too many')));
      const first = cache.getOrSet('product', '1', load);
      await vi.waitFor(() => expect(calls()).toBe(1));
      const joiners = Array.from({ length: 20 }, () => cache.getOrSet('product', '1', load));
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      answers[0]?.resolve('a');
      expect(await first).toBe('a');
      await vi.waitFor(() => expect(calls()).toBe(2));
      answers[1]?.resolve('b');
      expect(new Set(await Promise.all(joiners))).toEqual(new Set(['b']));
      expect(calls()).toBe(2);
    } finally {
      await bed.server.restart();
    }
  });
});

describe('rule 2: a fill is stored only while its lease stands', () => {
  it('a load that an invalidation overtook is not stored', async () => {
    const [a, b] = [await caches.open(), await caches.open()];
    const answer = deferred<string>();
    const read = a.cache.getOrSet('product', '1', () => answer.promise);
    await vi.waitFor(async () => expect(await bed.redis.exists(await leaseOf('1'))).toBe(1));
    expect(await b.cache.invalidate('product', '1')).toEqual({ removed: 0, markedStale: 0, leasesRevoked: 1 });
    answer.resolve('old');
    expect(await read).toBe('old');
    await vi.waitFor(() => expect(a.events).toContainEqual({ type: 'fill', entity: 'product', id: '1', result: 'rejected' }));
    expect(await bed.redis.exists(await keyOf('1'))).toBe(0);
    expect(await b.cache.getOrSet('product', '1', () => Promise.resolve('new'))).toBe('new');
  });

  it('the script refuses a token that is not the one that stands, and wakes nobody then', async () => {
    await caches.open();
    const key = await keyOf('x');
    const keys = [key, leaseKey(key)];
    const fill = (by: string) => runScript(bed.redis, fillEntry, keys, [by, 'value', 60_000, 'inbox:']);
    expect(await fill(token('L', 'a'))).toBe(0);
    await runScript(bed.redis, acquireLease, keys, [token('L', 'a'), 60_000, 'instance-a------']);
    expect(await fill(token('L', 'b'))).toBe(0);
    expect(await bed.redis.exists(key)).toBe(0);
    await runScript(bed.redis, acquireLease, keys, [token('L', 'b'), 60_000, 'instance-b------']);
    expect(await bed.redis.get(leaseKey(key))).toBe(`${token('L', 'a')}instance-b------`);
    expect(await bed.redis.pttl(leaseKey(key))).toBeGreaterThan(0);
    expect(await fill(token('L', 'a'))).toBe(1);
    expect(await bed.redis.mget(...keys)).toEqual(['value', null]);
  });

  it('nor does any script renew, give back or extend by a token that is not the one that stands', async () => {
    await caches.open();
    const key = await keyOf('x');
    const keys = [key, leaseKey(key)];
    await bed.redis.set(key, 'value', 'PX', 60_000);
    await bed.redis.set(leaseKey(key), `${token('L', 'a')}instance-b------`, 'PX', 60_000);
    expect(await runScript(bed.redis, renewLease, [leaseKey(key)], [token('L', 'b'), 600_000])).toBe(0);
    expect(await runScript(bed.redis, releaseLease, keys, [token('L', 'b'), 'inbox:'])).toBe(0);
    expect(await runScript(bed.redis, extendEntry, keys, [token('L', 'b'), 'val', 'VAL', 600_000, 'inbox:'])).toBe(0);
    expect(await bed.redis.mget(...keys)).toEqual(['value', `${token('L', 'a')}instance-b------`]);
    for (const one of keys) expect(await bed.redis.pttl(one)).toBeLessThanOrEqual(60_000);
    expect(await runScript(bed.redis, renewLease, [leaseKey(key)], [token('L', 'a'), 600_000])).toBe(1);
    expect(await bed.redis.pttl(leaseKey(key))).toBeGreaterThan(60_000);
  });

  it('a lease lists each instance that waits once, and 256 of them at most', async () => {
    await caches.open();
    const key = await keyOf('x');
    const ask = (name: string, instance: string) =>
      runScript(bed.redis, acquireLease, [key, leaseKey(key)], [token('L', name), 60_000, instance, '']);
    expect(await ask('holder', 'instance-holder-')).toEqual([1]);
    const instances = Array.from({ length: 258 }, (_, n) => `instance-${n}`.padEnd(16, '-'));
    for (const instance of [...instances.slice(0, 2), ...instances]) await ask('other', instance);
    expect(await bed.redis.get(leaseKey(key))).toBe([token('L', 'holder'), ...instances.slice(0, 256)].join(''));
  });

  it('a PUBLISH that is refused leaves nothing half done', async () => {
    await caches.open();
    const key = await keyOf('x');
    await bed.redis.set(leaseKey(key), `${token('L', 'a')}instance-b------`, 'PX', 60_000);
    await bed.redis.acl('SETUSER', 'mute', 'on', 'nopass', '~*', '+@all', 'resetchannels');
    const mute = bed.server.client();
    await mute.auth('mute', 'any');
    expect(await runScript(mute, fillEntry, [key, leaseKey(key)], [token('L', 'a'), 'value', 60_000, 'inbox:'])).toBe(1);
    expect(await bed.redis.mget(key, leaseKey(key))).toEqual(['value', null]);
  });

  it("an entry is as old as the start of its load, and carries the load's cost", async () => {
    const { cache } = await caches.open();
    const nowMs = async () => Number((await bed.redis.time())[0]) * 1_000 + Number((await bed.redis.time())[1]) / 1_000;
    let startedMs = 0;
    await cache.getOrSet('product', '1', async () => {
      startedMs = await nowMs();
      await vi.waitFor(async () => expect((await nowMs()) - startedMs).toBeGreaterThan(250), { interval: 20 });
      return 'v';
    });
    await vi.waitFor(async () => expect(await cache.peek('product', '1')).toMatchObject({ kind: 'fresh' }));
    const peek = await cache.peek('product', '1');
    expect(peek.kind === 'fresh' && peek.createdMs).toBeLessThan(startedMs + 125);
    expect(await cache.explain('product', '1')).toMatchObject({ freshness: { loadCostMs: expect.toSatisfy((ms: number) => ms >= 250) } });
  });

  it('without a lease reply nothing is stored', async () => {
    const { cache, events } = await caches.open();
    await runScript(bed.redis, beginWrite, [await keyOf('1'), await leaseOf('1')], [token('W', 'w'), 60_000, 'inbox:']);
    expect(await cache.getOrSet('product', '1', () => Promise.resolve('loaded'))).toBe('loaded');
    expect(events).toContainEqual({ type: 'load.started', entity: 'product', id: '1', leased: false, reason: 'miss' });
    expect(events.filter((event) => event.type === 'fill')).toEqual([]);
    expect(await bed.redis.exists(await keyOf('1'))).toBe(0);
  });
});

describe('rule 2: a lease is for a load that has not begun', () => {
  it('what was loaded without one is not stored under one that is granted while it runs', async () => {
    const { cache, events } = await caches.open();
    const [key, lease] = [await keyOf('1'), await leaseOf('1')];
    await runScript(bed.redis, beginWrite, [key, lease], [token('W', 'w'), 60_000, 'inbox:']);
    const [old, fresh] = [deferred<string>(), deferred<string>()];
    const unleased = countingLoader(() => old.promise);
    const first = cache.getOrSet('product', '1', unleased.load);
    await vi.waitFor(() => expect(unleased.calls()).toBe(1));
    // The write ends, and leaves the key invalidated.
    await runScript(bed.redis, invalidateEntry, [key, lease], ['inbox:']);
    const leased = countingLoader(() => fresh.promise);
    const second = cache.getOrSet('product', '1', leased.load);
    await vi.waitFor(async () => expect(await bed.redis.get(lease)).toMatch(/^L/));
    old.resolve('old');
    expect(await first).toBe('old');
    await vi.waitFor(() => expect(leased.calls()).toBe(1));
    // It is held by the load that runs now.
    expect(await bed.redis.mget(key, lease)).toEqual([null, expect.stringMatching(/^L/)]);
    fresh.resolve('new');
    expect(await second).toBe('new');
    await vi.waitFor(() => expect(events.filter(({ type }) => type === 'fill')).toHaveLength(1));
    expect(await cache.get('product', '1')).toBe('new');
    expect(events.flatMap((event) => (event.type === 'load.started' ? [event.leased] : []))).toEqual([false, true]);
  });
});

describe('rule 6: waiters', () => {
  it('a key that is invalidated while it loads still answers each waiter', async () => {
    const [a, b] = [await caches.open(), await caches.open()];
    const held = deferred<string>();
    const read = a.cache.getOrSet('product', '1', () => held.promise);
    await vi.waitFor(async () => expect(await bed.redis.exists(await leaseOf('1'))).toBe(1));
    const own = countingLoader(() => Promise.resolve('own'));
    const waiting = b.cache.getOrSet('product', '1', own.load);
    const lease = await leaseOf('1');
    await vi.waitFor(async () => expect(await bed.redis.strlen(lease)).toBe(40));
    // Revoked, and taken by somebody else at once: the waiter loads by itself.
    await bed.redis
      .multi()
      .eval(invalidateEntry.lua, 2, await keyOf('1'), lease, inboxPrefix({ env: 'test', service: 'shop' }))
      .set(lease, token('L', 'other'), 'PX', 60_000)
      .exec();
    expect(await waiting).toBe('own');
    held.resolve('held');
    expect(await read).toBe('held');
  });

  it("a dead holder's lease passes on", async () => {
    const { cache } = await caches.open({ policies: { product: { ttl: '10min', leaseMs: 200, loadTimeoutMs: 200 } } });
    const lease = await leaseOf('1');
    await bed.redis.set(lease, token('L', 'dead'), 'PX', 200);
    expect(await cache.getOrSet('product', '1', () => Promise.resolve('v'))).toBe('v');
    await vi.waitFor(async () => expect(await bed.redis.exists(await keyOf('1'))).toBe(1));
  });

  it.each(['load', 'write'] as const)('a holder renews at a third of its lease: the lease of a %s', async (kind) => {
    const clock = manualClock();
    const policies = { product: { ttl: '10min', leaseMs: 60_000, loadTimeoutMs: 60_000 } } as const;
    const { cache } = await caches.open({ policies }, { clock });
    const lease = await leaseOf('1');
    const answer = deferred<string>();
    const origin = countingLoader(() => answer.promise);
    const ended = kind === 'load' ? cache.getOrSet('product', '1', origin.load) : cache.set('product', '1', origin.load);
    await vi.waitFor(() => expect(origin.calls()).toBe(1));
    for (let third = 1; third <= 2; third += 1) {
      await bed.redis.pexpire(lease, 30_000);
      clock.advance(19_999);
      // What it had sent by now would have come before this.
      await cache.peek('product', '2');
      await cache.getOrSet('product', `other ${third}`, () => Promise.resolve('v'));
      expect(await bed.redis.pttl(lease)).toBeLessThanOrEqual(30_000);
      clock.advance(1);
      await vi.waitFor(async () => expect(await bed.redis.pttl(lease)).toBeGreaterThan(30_000));
    }
    answer.resolve('v');
    await ended;
    await vi.waitFor(async () => expect(await cache.get('product', '1')).toBe('v'));
  });

  it('a holder renews: a write of several lease lengths is filled', async () => {
    const { cache } = await caches.open({ policies: { product: { ttl: '10min', leaseMs: 600, loadTimeoutMs: 600 } } });
    const answer = deferred<string>();
    const written = cache.set('product', '1', () => answer.promise);
    const lease = await leaseOf('1');
    await vi.waitFor(async () => expect(await bed.redis.exists(lease)).toBe(1));
    const began = performance.now();
    await vi.waitFor(async () => {
      expect(await bed.redis.exists(lease)).toBe(1);
      expect(performance.now() - began).toBeGreaterThan(1_500);
    }, 5_000);
    answer.resolve('v');
    await written;
    expect(await bed.redis.exists(await keyOf('1'))).toBe(1);
  });
});

it('leases that are asked for in one turn are told apart: of two entities, and of an entry that is none', async () => {
  const policies = { product: { ttl: '10min' }, country: { ttl: '10min' } } as const;
  const { cache } = await caches.open({ policies });
  for (const entity of ['product', 'country'] as const) await cache.get(entity, 'none');
  await bed.redis.set(await keyOf('2'), 'no envelope', 'PX', 60_000);
  const wanted = [
    ['product', '1'],
    ['country', '1'],
    ['product', '2'],
    ['product', '3'],
    ['country', '2'],
  ] as const;
  const asked = wanted.map(([entity, id]) => cache.getOrSet(entity, id, () => Promise.resolve(`${entity} ${id}`)));
  expect(await Promise.all(asked)).toEqual(wanted.map(([entity, id]) => `${entity} ${id}`));
  await vi.waitFor(async () => {
    for (const [entity, id] of wanted) expect(await cache.get(entity, id)).toBe(`${entity} ${id}`);
  });
  expect(await bed.redis.keys('{*')).toEqual([]);
});

describe('an instance that closes leaves no lease', () => {
  const ids = Array.from({ length: 30 }, (_, index) => String(index));

  it('of entries that it was about to refresh', async () => {
    for (let run = 0; run < 10; run += 1) {
      const { cache } = await caches.open();
      await Promise.all(ids.map((id) => cache.set('product', id, 'old')));
      await Promise.all(ids.map((id) => cache.invalidate('product', id, { mode: 'soft' })));
      expect(new Set(await Promise.all(ids.map((id) => cache.getOrSet('product', id, () => Promise.resolve('new')))))).toEqual(
        new Set(['old']),
      );
      await cache.close();
      expect(await bed.redis.keys('{*')).toEqual([]);
    }
  });

  it('of a key for which it was asking: it waits for the answer, and gives back what that brings', async () => {
    const links = await holdLinksTo(bed.server.port);
    const { cache } = await caches.open({ redis: links.url });
    // A script that Redis does not know yet is sent twice.
    await cache.getOrSet('product', 'warm', () => Promise.resolve('v'));
    await vi.waitFor(async () => expect(await cache.get('product', 'warm')).toBe('v'));
    const lease = await leaseOf('1');
    const release = links.hold('lease', 'toClient');
    const read = cache.getOrSet('product', '1', () => Promise.resolve('own'));
    await vi.waitFor(async () => expect(await bed.redis.exists(lease)).toBe(1));
    const closing = cache.close();
    release();
    await closing;
    expect(await bed.redis.exists(lease)).toBe(0);
    expect(await read).toBe('own');
    await links.close();
  });

  it('of keys for which it waited while their holder gave up', async () => {
    for (let run = 0; run < 10; run += 1) {
      const [a, b] = [await caches.open(), await caches.open()];
      await b.cache.get('product', 'none');
      const failing = deferred<string>();
      const held = ids.map((id) => a.cache.getOrSet('product', id, () => failing.promise));
      for (const id of ids) await vi.waitFor(async () => expect(await bed.redis.exists(await leaseOf(id))).toBe(1));
      const waiting = ids.map((id) => b.cache.getOrSet('product', id, () => Promise.resolve('own')));
      // The instances that wait are listed in the lease.
      for (const id of ids) await vi.waitFor(async () => expect(await bed.redis.strlen(await leaseOf(id))).toBe(40));
      const closing = b.cache.close();
      failing.reject(new Error('origin down'));
      await Promise.all([closing, Promise.allSettled(held)]);
      expect(new Set(await Promise.all(waiting))).toEqual(new Set(['own']));
      await vi.waitFor(async () => expect(await bed.redis.keys('{*')).toEqual([]));
      await a.cache.close();
    }
  });
});
