import { describe, expect, it, vi } from 'vitest';
import type { LoadMany } from '../../engine/cache.ts';
import { leaseKey } from '../../engine/keys.ts';
import { acquireLease } from '../../engine/scripts.ts';
import { commandCalls } from './command-calls.ts';
import { keySpaceOf } from './key-space.ts';
import { deferred, patient } from './open-caches.ts';
import { redisBed } from './redis-bed.ts';
import { noteSocketWrites } from './socket-writes.ts';

const bed = redisBed(patient);
const { caches } = bed;
const { keyOf } = keySpaceOf(() => bed.redis);

const ids = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `${from + index}`);
const values = (of: readonly string[]) => new Map(of.map((id) => [id, `v${id}`]));
const good = (of: readonly string[]) => new Map(of.map((id) => [id, { ok: true, value: `v${id}` }]));

/** A `loadMany` that notes what it was asked for. */
function counting(
  answer: (asked: readonly string[]) => Promise<ReadonlyMap<string, string | null | Error>> = async (asked) => values(asked),
) {
  const calls: (readonly string[])[] = [];
  const loadMany: LoadMany<string> = (asked) => {
    calls.push(asked);
    return answer(asked);
  };
  return { loadMany, calls, asked: () => calls.flat() };
}

describe('getMany', () => {
  it('loads what is missing with few calls, keeps it, and answers each distinct id once, in order', async () => {
    const { cache } = await caches.open();
    await cache.set('product', '3', 'v3');
    const { loadMany, calls, asked } = counting();
    const wanted = [...ids(20), '5', '5', ''];
    expect([...(await cache.getMany('product', wanted, loadMany))]).toEqual([...good([...ids(20), ''])]);
    expect(asked().sort()).toEqual([...ids(20), ''].filter((id) => id !== '3').sort());
    expect(calls.length).toBeLessThanOrEqual(3);
    await vi.waitFor(async () => expect(await cache.get('product', '19')).toBe('v19'));
    expect(await cache.getMany('product', ids(20), loadMany)).toEqual(good(ids(20)));
    expect(asked()).toHaveLength(20);
    expect(await cache.getMany('product', [], loadMany)).toEqual(new Map());
  });

  it('the leases of one turn are asked for together, and the version with all of them once', async () => {
    const { cache } = await caches.open();
    await cache.get('product', 'none');
    await bed.redis.config('RESETSTAT');
    const { loadMany } = counting();
    // As many as one question carries.
    await cache.getMany('product', ids(64), loadMany);
    await vi.waitFor(async () => expect((await commandCalls(bed.redis)).get('evalsha')).toBe(128));
    const calls = await commandCalls(bed.redis);
    expect([calls.get('mget'), calls.get('getex')]).toEqual([1, 2]);
  });

  it('of more, each question carries 64 at most', async () => {
    const { cache } = await caches.open();
    await cache.getOrSet('product', 'known', () => Promise.resolve('v'));
    const { texts } = noteSocketWrites();
    const { loadMany } = counting();
    // Past two batches that are with Redis a third one grows longer: its leases are wanted in one turn.
    await cache.getMany('product', ids(300), loadMany);
    const asked = texts()
      .map((text) => text.split(acquireLease.sha).length - 1)
      .filter((count) => count > 0);
    expect(asked.reduce((sum, count) => sum + count)).toBe(300);
    expect(Math.max(...asked)).toBe(64);
  });

  it('10,000 ids go in bounded slices; one more is refused', async () => {
    const { cache } = await caches.open({ deadlineMs: 2_000, policies: { product: { ttl: '10min', loadTimeoutMs: 20_000 } } });
    const { loadMany, calls, asked } = counting();
    expect((await cache.getMany('product', ids(10_000), loadMany)).size).toBe(10_000);
    expect(new Set(asked()).size).toBe(10_000);
    expect(asked()).toHaveLength(10_000);
    expect(Math.max(...calls.map((call) => call.length))).toBeLessThanOrEqual(500);
    await expect(cache.getMany('product', ids(10_001), loadMany)).rejects.toMatchObject({ name: 'TooManyReads' });
  });

  it('one id that fails, or that the origin lacks, leaves the others alone', async () => {
    const { cache } = await caches.open();
    const bad = new Error('row 2 is broken');
    const { loadMany } = counting(
      async () =>
        new Map<string, string | null | Error>([
          ['1', 'v1'],
          ['2', bad],
          ['3', null],
        ]),
    );
    const results = await cache.getMany('product', ['1', '2', '3', '4'], loadMany);
    expect([...results.values()]).toEqual([
      { ok: true, value: 'v1' },
      { ok: false, error: bad },
      { ok: true, value: null },
      { ok: true, value: null },
    ]);
    await vi.waitFor(async () => expect(await cache.get('product', '4')).toBeNull());
    expect(await cache.get('product', '2')).toBeUndefined();
  });

  it('a call that rejects, or resolves to no Map, fails its ids with that error and gives their leases back', async () => {
    const { cache } = await caches.open();
    const down = new Error('origin down');
    const { loadMany } = counting(() => Promise.reject(down));
    for (const result of (await cache.getMany('product', ids(3), loadMany)).values()) expect(result).toEqual({ ok: false, error: down });
    const wrong = counting(() => Promise.resolve(JSON.parse('{}')));
    for (const result of (await cache.getMany('product', ids(3), wrong.loadMany)).values()) expect(result.ok).toBe(false);
    await vi.waitFor(async () => expect(await bed.redis.exists(leaseKey(await keyOf('1')))).toBe(0));
    expect(await cache.getMany('product', ids(3), counting().loadMany)).toEqual(good(ids(3)));
  });

  it('batches that overlap load each id once, within a process and across the fleet', async () => {
    const [a, b] = [await caches.open(), await caches.open()];
    const gate = deferred();
    const loaded: string[] = [];
    const loadMany: LoadMany<string> = async (asked) => {
      loaded.push(...asked);
      await gate.promise;
      return values(asked);
    };
    const reads = [
      a.cache.getMany('product', ids(20), loadMany),
      a.cache.getMany('product', ids(20, 10), loadMany),
      b.cache.getMany('product', ids(20, 5), loadMany),
    ];
    await vi.waitFor(() => expect(loaded.length).toBeGreaterThanOrEqual(30));
    const single = b.cache.getOrSet('product', '0', () => Promise.reject(new Error('loaded twice')));
    gate.resolve();
    expect(await Promise.all(reads)).toEqual([good(ids(20)), good(ids(20, 10)), good(ids(20, 5))]);
    expect(await single).toBe('v0');
    expect(loaded).toHaveLength(new Set(loaded).size);
  });

  it('what it holds is loaded at once, while others still hold the rest', async () => {
    const [a, b] = [await caches.open(), await caches.open()];
    const [held, started] = [deferred(), deferred()];
    const other = b.cache.getOrSet('product', '0', async () => {
      started.resolve();
      await held.promise;
      return 'v0';
    });
    await started.promise;
    const { loadMany, asked } = counting();
    const read = a.cache.getMany('product', ids(5), loadMany);
    await vi.waitFor(() => expect(asked().sort()).toEqual(['1', '2', '3', '4']));
    // Its own are filled already: nobody waits for them because of the one that is waited for.
    await vi.waitFor(async () => expect(await b.cache.get('product', '4')).toBe('v4'));
    held.resolve();
    expect(await read).toEqual(good(ids(5)));
    expect(await other).toBe('v0');
  });

  it('one call of many ids takes one place before the origin, and counts once', async () => {
    const { cache } = await caches.open({ origin: { concurrencyMax: 1, queueMax: 10 } });
    const { loadMany, calls } = counting();
    expect(await cache.getMany('product', ids(200), loadMany)).toEqual(good(ids(200)));
    expect(calls.length).toBeLessThanOrEqual(10);
  });

  it('an entity that is never cached is loaded in slices each time', async () => {
    const { cache } = await caches.open({ policies: { product: { strategy: 'none' } } });
    const { loadMany, calls } = counting();
    expect(await cache.getMany('product', ids(20), loadMany)).toEqual(good(ids(20)));
    expect(await cache.getMany('product', ids(20), loadMany)).toEqual(good(ids(20)));
    expect(calls.map((call) => call.length)).toEqual([20, 20]);
  });
});
