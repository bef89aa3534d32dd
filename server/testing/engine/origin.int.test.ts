import { describe, expect, it, vi } from 'vitest';
import type { Loader } from '../../engine/cache.ts';
import { keySpaceOf } from './key-space.ts';
import { manualClock } from './manual-clock.ts';
import { countingLoader, deferred, patient } from './open-caches.ts';
import { redisBed } from './redis-bed.ts';

const bed = redisBed(patient);
const { caches } = bed;
const { leaseOf, putEntry } = keySpaceOf(() => bed.redis);

const leases = () => bed.redis.keys('{*');
const typesOf = (events: readonly { type: string }[]) => events.map((event) => event.type);

describe('the bulkhead before the origin', () => {
  it('so many loads run, so many wait for their turn, and one more is refused at once', async () => {
    const { cache, events } = await caches.open({ origin: { concurrencyMax: 1, queueMax: 1 } });
    const [first, second] = [deferred<string>(), deferred<string>()];
    const { load, calls } = countingLoader((call) => (call === 1 ? first.promise : second.promise));
    const one = cache.getOrSet('product', '1', load);
    await vi.waitFor(() => expect(calls()).toBe(1));
    const two = cache.getOrSet('product', '2', load);
    await vi.waitFor(async () => expect(await leases()).toHaveLength(2));
    await expect(cache.getOrSet('product', '3', load)).rejects.toMatchObject({ name: 'OriginOverloaded' });
    expect(calls()).toBe(1);
    expect(typesOf(events).filter((type) => type === 'load.refused')).toHaveLength(1);
    first.resolve('a');
    expect(await one).toBe('a');
    await vi.waitFor(() => expect(calls()).toBe(2));
    second.resolve('b');
    expect(await two).toBe('b');
    await vi.waitFor(async () => expect(await leases()).toEqual([]));
  });

  it('holds while Redis is away, and for entities that are never cached', async () => {
    const policies = { product: { ttl: '10min' }, order: { strategy: 'none' } } as const;
    const { cache } = await caches.open({ origin: { concurrencyMax: 1, queueMax: 0 }, policies });
    await bed.server.kill();
    try {
      const running = deferred<string>();
      const { load, calls } = countingLoader(() => running.promise);
      const first = cache.getOrSet('product', '1', load);
      await vi.waitFor(() => expect(calls()).toBe(1));
      await expect(cache.getOrSet('product', '2', load)).rejects.toMatchObject({ name: 'OriginOverloaded' });
      await expect(cache.getOrSet('order', '1', load)).rejects.toMatchObject({ name: 'OriginOverloaded' });
      running.resolve('v');
      expect(await first).toBe('v');
      expect(await cache.getOrSet('order', '1', load)).toBe('v');
    } finally {
      await bed.server.restart();
    }
  });

  it('a refresh takes no place in the queue: it gives way, and its lease is given back', async () => {
    const policies = { product: { ttl: '10min', staleWindow: '1min' } } as const;
    const { cache, events } = await caches.open({ origin: { concurrencyMax: 1, queueMax: 10 }, policies });
    await cache.set('product', 'stale', 'old');
    await cache.invalidate('product', 'stale', { mode: 'soft' });
    const running = deferred<string>();
    const first = countingLoader(() => running.promise);
    const held = cache.getOrSet('product', '1', first.load);
    await vi.waitFor(() => expect(first.calls()).toBe(1));
    const refresh = countingLoader(() => Promise.resolve('new'));
    expect(await cache.getOrSet('product', 'stale', refresh.load)).toBe('old');
    await vi.waitFor(() => expect(events).toContainEqual({ type: 'load.refused', entity: 'product', id: 'stale' }));
    await vi.waitFor(async () => expect(await leases()).toHaveLength(1));
    running.resolve('v');
    expect(await held).toBe('v');
    await vi.waitFor(async () => expect(await leases()).toEqual([]));
    expect(refresh.calls()).toBe(0);
  });

  it('a load that waits for its turn takes a newer lease, and gives back the one of a version that was left', async () => {
    const { cache } = await caches.open({ origin: { concurrencyMax: 1, queueMax: 10 } });
    const running = deferred<string>();
    const first = countingLoader(() => running.promise);
    const held = cache.getOrSet('product', '1', first.load);
    await vi.waitFor(() => expect(first.calls()).toBe(1));
    const { load, calls } = countingLoader(() => Promise.resolve('v'));
    const reads = [cache.getOrSet('product', '2', load)];
    const left = await leaseOf('2');
    await vi.waitFor(async () => expect(await bed.redis.exists(left)).toBe(1));
    await cache.bumpVersion('product');
    reads.push(cache.getOrSet('product', '2', load));
    const newer = await leaseOf('2');
    expect(newer).not.toBe(left);
    await vi.waitFor(async () => expect([await bed.redis.exists(left), await bed.redis.exists(newer)]).toEqual([0, 1]));
    running.resolve('held');
    expect(await held).toBe('held');
    expect(await Promise.all(reads)).toEqual(['v', 'v']);
    expect(calls()).toBe(1);
    await vi.waitFor(async () => expect(await cache.get('product', '2')).toBe('v'));
    await vi.waitFor(async () => expect(await leases()).toEqual([]));
  });

  it('a load of many ids waits for its place as one load, and is refused as one', async () => {
    const { cache } = await caches.open({ origin: { concurrencyMax: 1, queueMax: 1 } });
    const running = deferred<string>();
    const first = countingLoader(() => running.promise);
    const held = cache.getOrSet('product', '1', first.load);
    await vi.waitFor(() => expect(first.calls()).toBe(1));
    const asked: (readonly string[])[] = [];
    const loadMany = async (ids: readonly string[]) => {
      asked.push(ids);
      return new Map(ids.map((id) => [id, `v${id}`]));
    };
    const waiting = cache.getMany('product', ['2', '3'], loadMany);
    await vi.waitFor(async () => expect(await leases()).toHaveLength(3));
    // The queue has room for one, and these two are one.
    const refused = await cache.getMany('product', ['4', '5'], loadMany);
    expect([...refused.values()]).toEqual(Array(2).fill({ ok: false, error: expect.objectContaining({ name: 'OriginOverloaded' }) }));
    expect(asked).toEqual([]);
    running.resolve('v');
    expect(await held).toBe('v');
    expect([...(await waiting).values()]).toEqual(['v2', 'v3'].map((value) => ({ ok: true, value })));
    expect(asked).toEqual([['2', '3']]);
  });

  it('a load that has waited as long as it may take is refused', async () => {
    const policies = { product: { ttl: '10min', loadTimeoutMs: 200 } };
    const { cache } = await caches.open({ origin: { concurrencyMax: 1, queueMax: 1 }, policies });
    const { load, calls } = countingLoader(() => new Promise<string>(() => {}));
    const first = cache.getOrSet('product', '1', load);
    await vi.waitFor(() => expect(calls()).toBe(1));
    const second = cache.getOrSet('product', '2', load);
    await expect(first).rejects.toMatchObject({ name: 'LoadTimeout' });
    await expect(second).rejects.toMatchObject({ name: 'LoadTimeout' });
    expect(calls()).toBe(2);
  });
});

describe('an origin in trouble', () => {
  const policies = { product: { ttl: 40, jitter: 0, staleIfError: '1h', earlyRefresh: 'off' } } as const;

  it('a load that fails is answered from the entry past its time, within staleIfError', async () => {
    const { cache, events } = await caches.open({ policies });
    await cache.set('product', '1', 'old');
    await vi.waitFor(async () => expect(await cache.get('product', '1')).toBeUndefined());
    expect(await cache.getOrSet('product', '1', () => Promise.reject(new Error('down')))).toBe('old');
    expect(events).toContainEqual({ type: 'stale.served', entity: 'product', id: '1', because: 'load failed' });
    expect(events).toContainEqual(expect.objectContaining({ type: 'read', outcome: 'stale' }));
    await vi.waitFor(async () => expect(await leases()).toEqual([]));
    expect(await cache.getOrSet('product', '1', () => Promise.resolve('new'))).toBe('new');
  });

  it('also while the error of that load is given again (errorTtl)', async () => {
    const { cache } = await caches.open({ policies: { product: { ...policies.product, errorTtl: '1min' } } });
    await putEntry('1', 'old', { createdMs: -60_000, freshMs: -30_000, expiresMs: -1_000, keptMs: 60_000 });
    const { load, calls } = countingLoader(() => Promise.reject(new Error('down')));
    for (let read = 0; read < 3; read += 1) expect(await cache.getOrSet('product', '1', load)).toBe('old');
    expect(calls()).toBe(1);
  });

  it('but not past it, though the entry is there still', async () => {
    const { cache } = await caches.open({ policies: { product: { ...policies.product, staleIfError: '10s' } } });
    await putEntry('1', 'old', { createdMs: -60_000, freshMs: -30_000, expiresMs: -11_000, keptMs: 60_000 });
    await expect(cache.getOrSet('product', '1', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
  });

  it('never after an invalidation', async () => {
    const { cache } = await caches.open({ policies });
    await cache.set('product', '1', 'old');
    await vi.waitFor(async () => expect(await cache.get('product', '1')).toBeUndefined());
    await cache.invalidate('product', '1');
    await expect(cache.getOrSet('product', '1', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
  });

  it('a load that is late is answered so at the soft timeout, goes on, and is stored', async () => {
    const { cache, events } = await caches.open({ policies: { product: { ...policies.product, ttl: 500, softTimeoutMs: 20 } } });
    await cache.set('product', '1', 'old');
    await vi.waitFor(async () => expect(await cache.get('product', '1')).toBeUndefined());
    const answer = deferred<string>();
    expect(await cache.getOrSet('product', '1', () => answer.promise)).toBe('old');
    expect(events).toContainEqual({ type: 'stale.served', entity: 'product', id: '1', because: 'load late' });
    answer.resolve('new');
    await vi.waitFor(async () => expect(await cache.get('product', '1')).toBe('new'));
    expect(events.filter((event) => event.type === 'read' && event.outcome === 'stale')).toHaveLength(1);
  });

  it('a waiter in another instance is answered so too, while the holder loads', async () => {
    const [a, b] = [
      await caches.open({ policies }),
      await caches.open({ policies: { product: { ...policies.product, softTimeoutMs: 20 } } }),
    ];
    await a.cache.set('product', '1', 'old');
    await vi.waitFor(async () => expect(await a.cache.get('product', '1')).toBeUndefined());
    const answer = deferred<string>();
    const holder = a.cache.getOrSet('product', '1', () => answer.promise);
    await vi.waitFor(async () => expect(await leases()).toHaveLength(1));
    expect(await b.cache.getOrSet('product', '1', () => Promise.reject(new Error('never called')))).toBe('old');
    answer.resolve('new');
    expect(await holder).toBe('new');
  });

  it('a loader that fails is called again as often as its policy says, and its last error surfaces', async () => {
    const { cache } = await caches.open({ policies: { product: { ttl: '10min', retriesMax: 2 } } });
    const mended = countingLoader((call) => (call < 3 ? Promise.reject(new Error(`failure ${call}`)) : Promise.resolve('v')));
    expect(await cache.getOrSet('product', '1', mended.load)).toBe('v');
    expect(mended.calls()).toBe(3);
    const broken = countingLoader((call) => Promise.reject(new Error(`failure ${call}`)));
    await expect(cache.getOrSet('product', '2', broken.load)).rejects.toThrow('failure 3');
    expect(broken.calls()).toBe(3);
  });

  it('a loader that fails is not called again once its time is up', async () => {
    const clock = manualClock();
    const repeats = { product: { ttl: '10min', loadTimeoutMs: 60, retriesMax: 3 } } as const;
    const { cache } = await caches.open({ policies: repeats }, { clock, random: () => 1 });
    const { load, calls } = countingLoader(() => Promise.reject(new Error('down')));
    const read = expect(cache.getOrSet('product', '1', load)).rejects.toMatchObject({ name: 'LoadTimeout' });
    await vi.waitFor(() => expect(calls()).toBe(1));
    // It pauses, for 75 ms.
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(60);
    await read;
    clock.advance(1_000);
    expect(calls()).toBe(1);
  });

  it('an entry past its time keeps no load away, and is replaced by one', async () => {
    const { cache, events } = await caches.open({ policies });
    await cache.set('product', '1', 'old');
    await vi.waitFor(async () => expect(await cache.get('product', '1')).toBeUndefined());
    const load: Loader<string> = async ({ setTtl }) => {
      // A busy machine may take longer than the policy's to store it.
      setTtl('10min');
      return 'new';
    };
    expect(await cache.getOrSet('product', '1', load)).toBe('new');
    await vi.waitFor(() => expect(events).toContainEqual({ type: 'fill', entity: 'product', id: '1', result: 'stored' }));
    expect(events).toContainEqual(expect.objectContaining({ type: 'load.started', leased: true, reason: 'miss' }));
  });
});
