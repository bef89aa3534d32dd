import { describe, expect, it, vi } from 'vitest';
import { keySpaceOf } from './key-space.ts';
import { l1, l1Bed, policies } from './l1-bed.ts';
import { isLocal, localHits, served, soon } from './local-hits.ts';
import { countingLoader, type TracedCache } from './open-caches.ts';
import { toldClock } from './told-clock.ts';

const { bed, openServing } = l1Bed();
const { caches } = bed;
const { keyOf } = keySpaceOf(() => bed.redis);

describe('a hit in the process', () => {
  it('asks Redis nothing, is counted once, and every caller gets the same frozen value', async () => {
    const traced = await openServing();
    const asked = async () => /cmdstat_mget:calls=(\d+)/.exec(await bed.redis.info('commandstats'))?.[1];
    const before = await asked();
    const values = await Promise.all([1, 2, 3].map(() => traced.cache.getOrSet('product', '1', () => Promise.reject(new Error('no')))));
    expect(await asked()).toBe(before);
    expect(new Set(values).size).toBe(1);
    expect(Object.isFrozen(values[0])).toBe(true);
    expect(await traced.cache.explain('product', '1')).toMatchObject({ tier: 'l1', next: { does: 'serve' } });
  });

  it('is off unless the cache and the policy ask for it', async () => {
    const off = await caches.open({ policies });
    const out = await caches.open({ l1, policies: { product: { ...policies.product, l1: false } } });
    for (const traced of [off, out]) {
      await traced.cache.set('product', '1', 'v');
      for (let n = 0; n < 5; n += 1) expect(await isLocal(traced, '1')).toBe(false);
    }
  });

  it('ends when the entry is stale, and the stale entry is refreshed as ever', async () => {
    const clock = toldClock();
    const traced = await openServing(
      { policies: { product: { ...policies.product, ttl: '1min', jitter: 0 } }, l1: { boundMs: 60_000 } },
      { clock },
    );
    const { load, calls } = countingLoader(() => Promise.resolve({ v: 'new' }));
    clock.jumpMs = 59_000;
    expect(await traced.cache.getOrSet('product', '1', load)).toEqual({ v: 'old' });
    expect(calls()).toBe(0);
    clock.jumpMs = 61_000;
    const before = localHits(traced);
    await traced.cache.getOrSet('product', '1', load);
    expect(localHits(traced)).toBe(before);
    await vi.waitFor(() => expect(calls()).toBe(1), soon);
  });

  it('a value that cannot be frozen is answered by Redis each time', async () => {
    const traced = await caches.open({ l1, policies: { product: { ...policies.product, codec: 'msgpack' } } });
    await traced.cache.set('product', '1', { at: new Date(5) });
    await traced.cache.set('product', '2', { at: 5 });
    await served(traced, '2');
    expect(await isLocal(traced, '1')).toBe(false);
    expect(await traced.cache.get('product', '1')).toEqual({ at: new Date(5) });
  });
});

describe('what happens elsewhere', () => {
  const changes: [string, (other: TracedCache) => Promise<unknown>, unknown][] = [
    ['a hard invalidation', ({ cache }) => cache.invalidate('product', '1'), undefined],
    ['a set', ({ cache }) => cache.set('product', '1', { v: 'new' }), { v: 'new' }],
    ['a bump', ({ cache }) => cache.bumpVersion('product'), undefined],
    ['DEL by hand', async () => bed.redis.del(await keyOf('1')), undefined],
    ['expiry', async () => bed.redis.pexpire(await keyOf('1'), 1), undefined],
    ['FLUSHALL', () => bed.redis.flushall(), undefined],
    ['rubbish in its place', async () => bed.redis.set(await keyOf('1'), 'rubbish', 'PX', 60_000), undefined],
  ];
  it.each(changes)('%s reaches the process', async (_name, change, value) => {
    const [traced, other] = [await openServing(), await caches.open({ policies })];
    await change(other);
    await vi.waitFor(async () => expect(await traced.cache.get('product', '1')).toEqual(value), soon);
    for (let n = 0; n < 5; n += 1) expect(await traced.cache.get('product', '1')).toEqual(value);
  });

  it('a soft invalidation reaches the process: nothing is called fresh any more', async () => {
    const [traced, other] = [await openServing(), await caches.open({ policies })];
    await other.cache.invalidate('product', '1', { mode: 'soft' });
    await vi.waitFor(async () => expect(await isLocal(traced, '1')).toBe(false), soon);
    expect(await traced.cache.peek('product', '1')).toMatchObject({ kind: 'stale' });
    expect(await isLocal(traced, '1')).toBe(false);
  });

  it('the undo of a bump reaches the process', async () => {
    const [traced, other] = [await openServing(), await caches.open({ policies })];
    await other.cache.bumpVersion('product');
    await other.cache.set('product', '2', { v: 'of the bumped version' });
    await served(traced, '2');
    await other.cache.undoBump('product');
    await vi.waitFor(async () => expect(await traced.cache.get('product', '1')).toEqual({ v: 'old' }), soon);
  });

  it('an eviction reaches the process', async () => {
    const traced = await openServing();
    const key = await keyOf('1');
    await bed.redis.config('SET', 'maxmemory-policy', 'allkeys-random');
    await bed.redis.config('SET', 'maxmemory', '1');
    try {
      await vi.waitFor(async () => expect(await bed.redis.exists(key)).toBe(0), soon);
      await vi.waitFor(async () => expect(await isLocal(traced, '1')).toBe(false), soon);
    } finally {
      await bed.redis.config('SET', 'maxmemory', '0');
      await bed.redis.config('SET', 'maxmemory-policy', 'noeviction');
    }
  });
});

describe('own changes', () => {
  it('are seen by the next read, however the messages travel', async () => {
    const traced = await openServing();
    const { cache } = traced;
    for (let round = 0; round < 30; round += 1) {
      await served(traced);
      // Reads that are on their way while the key changes must not bring the old value back.
      const reads = Array.from({ length: 5 }, () => cache.get('product', '1'));
      await cache.set('product', '1', { round });
      expect(await cache.get('product', '1')).toEqual({ round });
      await Promise.all(reads);
      expect(await cache.get('product', '1')).toEqual({ round });
      await served(traced);
      await cache.invalidate('product', '1');
      expect(await cache.get('product', '1')).toBeUndefined();
      await cache.set('product', '1', { again: round });
      await served(traced);
      await cache.bumpVersion('product');
      expect(await cache.get('product', '1')).toBeUndefined();
      await cache.undoBump('product');
      expect(await cache.get('product', '1')).toEqual({ again: round });
    }
  });

  it('an invalidation that Redis did not take is felt here all the same', async () => {
    const traced = await openServing();
    await bed.redis.call('CLIENT', 'PAUSE', '1500', 'WRITE');
    await expect(traced.cache.invalidate('product', '1')).rejects.toMatchObject({ name: 'InvalidationNotAcknowledged' });
    expect(await isLocal(traced, '1')).toBe(false);
  });
});

describe('a read that is overtaken', () => {
  it('is answered and not kept: its key changed while it was on its way', async () => {
    const traced = await openServing();
    const other = await caches.open({ policies });
    let writing = true;
    const writes = (async () => {
      for (let v = 1; v <= 200; v += 1) await other.cache.set('product', '1', { v });
    })().finally(() => {
      writing = false;
    });
    while (writing) {
      await Promise.all(Array.from({ length: 8 }, () => traced.cache.get('product', '1')));
      // Hits are answered without leaving the turn of the event loop: sockets need one.
      await new Promise(setImmediate);
    }
    await writes;
    await vi.waitFor(async () => expect(await traced.cache.get('product', '1')).toEqual({ v: 200 }), soon);
    await served(traced);
    expect(await traced.cache.get('product', '1')).toEqual({ v: 200 });
  });
});

describe('bounds', () => {
  it('no more is held than was allowed, whatever is read', async () => {
    const traced = await caches.open({ l1: { ...l1, itemsMax: 10 }, policies });
    await Promise.all(Array.from({ length: 50 }, (_, id) => traced.cache.set('product', `${id}`, { id })));
    await vi.waitFor(async () => {
      for (let id = 0; id < 50; id += 1) await traced.cache.get('product', `${id}`);
      expect(await isLocal(traced, '49')).toBe(true);
    }, soon);
    let held = 0;
    for (let id = 0; id < 50; id += 1) if ((await traced.cache.explain('product', `${id}`)).tier === 'l1') held += 1;
    expect(held).toBe(10);
  });
});
