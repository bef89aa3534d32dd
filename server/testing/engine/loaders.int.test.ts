import { describe, expect, it, vi } from 'vitest';
import type { Loader } from '../../engine/cache.ts';
import { systemClock } from '../../engine/clock.ts';
import { leaseKey } from '../../engine/keys.ts';
import { keySpaceOf } from './key-space.ts';
import { countingLoader, deferred, patient } from './open-caches.ts';
import { redisBed } from './redis-bed.ts';

const bed = redisBed(patient);
const { caches } = bed;
const { putEntry, keyOf } = keySpaceOf(() => bed.redis);

const soon = { timeout: 5_000, interval: 10 };
const stays = { product: { ttl: '10min', jitter: 0, staleWindow: '10min', earlyRefresh: 'off' as const } };
/** A clock that a test moves. */
function movableClock() {
  let movedMs = 0;
  return {
    clock: { ...systemClock, nowMs: () => systemClock.nowMs() + movedMs, monotonicMs: () => systemClock.monotonicMs() + movedMs },
    move: (ms: number) => {
      movedMs += ms;
    },
  };
}

describe('notModified', () => {
  const stale = async () => {
    const traced = await caches.open({ policies: stays });
    await traced.cache.set('product', '1', { v: 1 });
    await traced.cache.invalidate('product', '1', { mode: 'soft' });
    return traced;
  };

  it('extends the entry that it saw, whose bytes stay where they are', async () => {
    const { cache, events } = await stale();
    const before = await bed.redis.getBuffer(await keyOf('1'));
    const seen: unknown[] = [];
    const load: Loader<{ v: number }> = ({ previous, notModified }) => {
      seen.push(previous?.value);
      return Promise.resolve(notModified());
    };
    expect(await cache.getOrSet('product', '1', load)).toEqual({ v: 1 });
    await vi.waitFor(async () => expect(await cache.peek('product', '1')).toMatchObject({ kind: 'fresh', value: { v: 1 } }), soon);
    expect(seen).toEqual([{ v: 1 }]);
    // Told once Redis has answered; another may have read it by then.
    await vi.waitFor(() => expect(events.flatMap((event) => (event.type === 'fill' ? [event.result] : []))).toEqual(['stored']), soon);
    const after = await bed.redis.getBuffer(await keyOf('1'));
    expect(after?.subarray(48)).toEqual(before?.subarray(48));
    expect(await bed.redis.exists(leaseKey(await keyOf('1')))).toBe(0);
  });

  it('an invalidation that comes first wins: nothing is extended', async () => {
    const { cache } = await stale();
    const [asked, answer] = [deferred(), deferred()];
    await cache.getOrSet<{ v: number }>('product', '1', async ({ notModified }) => {
      asked.resolve();
      await answer.promise;
      return notModified();
    });
    await asked.promise;
    await cache.invalidate('product', '1', { mode: 'soft' });
    answer.resolve();
    await vi.waitFor(async () => expect(await bed.redis.exists(leaseKey(await keyOf('1')))).toBe(0), soon);
    expect(await cache.peek('product', '1')).toMatchObject({ kind: 'stale' });
  });

  it.each([
    ['gone', undefined],
    ['another', 'other'],
  ])('an entry that is %s meanwhile is left alone', async (_how, left) => {
    const { cache, events } = await stale();
    const [asked, answer] = [deferred(), deferred()];
    await cache.getOrSet<{ v: number }>('product', '1', async ({ notModified }) => {
      asked.resolve();
      await answer.promise;
      return notModified();
    });
    await asked.promise;
    await bed.redis.del(await keyOf('1'));
    // Its lease stands, so nothing but its bytes tells one entry from the other.
    if (left !== undefined) await putEntry('1', left, { createdMs: -60_000, freshMs: -30_000, expiresMs: 60_000 });
    const before = await bed.redis.getBuffer(await keyOf('1'));
    answer.resolve();
    await vi.waitFor(() => expect(events.flatMap((event) => (event.type === 'fill' ? [event.result] : []))).toEqual(['rejected']), soon);
    expect(await bed.redis.getBuffer(await keyOf('1'))).toEqual(before);
    expect(await cache.get('product', '1')).toBe(left);
  });

  it('without a previous entry it is an error of the loader', async () => {
    const { cache } = await caches.open({ policies: stays });
    const load: Loader<number> = ({ previous, notModified }) => {
      expect(previous).toBeNull();
      return Promise.resolve(notModified());
    };
    await expect(cache.getOrSet('product', '1', load)).rejects.toThrow(TypeError);
  });
});

describe('what a loader says of its value', () => {
  it('setTtl counts for this load alone', async () => {
    const { cache } = await caches.open({ policies: stays });
    await cache.getOrSet('product', '1', ({ setTtl }) => {
      setTtl('5s');
      return Promise.resolve(1);
    });
    await cache.getOrSet('product', '2', () => Promise.resolve(2));
    await vi.waitFor(async () => expect(await bed.redis.exists(await keyOf('1'), await keyOf('2'))).toBe(2), soon);
    const left = async (id: string) => {
      const peek = await cache.peek('product', id);
      return peek.kind === 'fresh' ? peek.freshUntilMs - peek.createdMs : 0;
    };
    expect(await left('1')).toBe(5_000);
    expect(await left('2')).toBe(600_000);
  });

  it.each([0, -1, 'soon', Number.NaN, Number.POSITIVE_INFINITY])('setTtl(%j) is an error of the loader', async (ttl) => {
    const { cache } = await caches.open({ policies: stays });
    await expect(
      cache.getOrSet('product', '1', ({ setTtl }) => {
        setTtl(ttl);
        return Promise.resolve(1);
      }),
    ).rejects.toMatchObject({ name: 'ConfigurationError' });
  });

  it('skipCache: everybody who waits has the value, nothing is kept, the lease is given back', async () => {
    const { cache } = await caches.open({ policies: stays });
    const { load, calls } = countingLoader((call) => Promise.resolve(call));
    const skipping: Loader<number> = ({ skipCache }) => {
      skipCache();
      return load();
    };
    expect(await Promise.all([cache.getOrSet('product', '1', skipping), cache.getOrSet('product', '1', skipping)])).toEqual([1, 1]);
    expect(await cache.getOrSet('product', '1', skipping)).toBe(2);
    expect(calls()).toBe(2);
    await vi.waitFor(async () => expect(await bed.redis.exists(leaseKey(await keyOf('1')), await keyOf('1'))).toBe(0), soon);
  });

  it('the option skipCache neither reads nor fills', async () => {
    const { cache } = await caches.open({ policies: stays });
    await cache.set('product', '1', 'kept');
    expect(await cache.getOrSet('product', '1', () => Promise.resolve('loaded'), { skipCache: true })).toBe('loaded');
    expect(await cache.get('product', '1')).toBe('kept');
  });
});

describe('what the origin does not have', () => {
  it('null is kept, for its own TTL and with no stale window; undefined is not kept', async () => {
    const { cache, events } = await caches.open({ policies: { product: { ...stays.product, notFoundTtl: '30s' } } });
    const none = countingLoader(() => Promise.resolve(null));
    expect(await cache.getOrSet('product', '1', none.load)).toBeNull();
    await vi.waitFor(async () => expect(await cache.get('product', '1')).toBeNull(), soon);
    expect(await cache.getOrSet('product', '1', none.load)).toBeNull();
    expect(none.calls()).toBe(1);
    const peek = await cache.peek('product', '1');
    if (peek.kind !== 'fresh') throw new Error(peek.kind);
    expect([peek.freshUntilMs - peek.createdMs, peek.expiresMs - peek.createdMs]).toEqual([30_000, 30_000]);

    const nothing = countingLoader(() => Promise.resolve(undefined));
    expect(await cache.getOrSet('product', '2', nothing.load)).toBeUndefined();
    expect(await cache.getOrSet('product', '2', nothing.load)).toBeUndefined();
    expect(nothing.calls()).toBe(2);
    expect(events.filter((event) => event.type === 'value.unserializable')).toHaveLength(2);
    expect(await cache.get('product', '2')).toBeUndefined();
  });

  it('a row that appears is seen after its invalidation', async () => {
    const { cache } = await caches.open({ policies: stays });
    await cache.getOrSet('product', '1', () => Promise.resolve(null));
    await vi.waitFor(async () => expect(await cache.get('product', '1')).toBeNull(), soon);
    await cache.invalidate('product', '1');
    expect(await cache.getOrSet('product', '1', () => Promise.resolve('new'))).toBe('new');
  });
});

describe('errors of loads', () => {
  const failing = () => countingLoader(() => Promise.reject(new Error('origin down')));

  it('surface as they are and are not kept, unless the policy says so', async () => {
    const { cache } = await caches.open({ policies: stays });
    const { load, calls } = failing();
    for (let n = 0; n < 3; n += 1) await expect(cache.getOrSet('product', '1', load)).rejects.toThrow('origin down');
    expect(calls()).toBe(3);
  });

  it('with errorTtl: given again for a while, longer with each failure in a row, until the key is loaded or invalidated', async () => {
    const { clock, move } = movableClock();
    const { cache } = await caches.open({ policies: { product: { ...stays.product, errorTtl: '10s' } } }, { clock, random: () => 1 });
    const { load, calls } = failing();
    const read = () => expect(cache.getOrSet('product', '1', load)).rejects.toThrow('origin down');
    await read();
    await read();
    expect(calls()).toBe(1);
    move(10_001);
    await read();
    expect(calls()).toBe(2);
    move(10_001);
    await read();
    expect(calls()).toBe(2);
    move(10_001);
    await read();
    expect(calls()).toBe(3);
    await cache.invalidate('product', '1');
    expect(await cache.getOrSet('product', '1', () => Promise.resolve('v'))).toBe('v');
    await cache.invalidate('product', '1');
    await read();
    expect(calls()).toBe(4);
    // A write ends it too, also one that leaves nothing to read.
    await cache.set('product', '1', () => Promise.resolve(undefined));
    await read();
    expect(calls()).toBe(5);
  });
});
