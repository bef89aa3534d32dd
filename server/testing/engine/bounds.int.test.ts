import { describe, expect, it, vi } from 'vitest';
import type { Cache } from '../../engine/cache.ts';
import { framesKey } from '../../engine/keys.ts';
import { fillEntry } from '../../engine/scripts.ts';
import { frame } from '../../engine/wire/frame.ts';
import { holdLinksTo } from './held-links.ts';
import { keySpaceOf } from './key-space.ts';
import { manualClock } from './manual-clock.ts';
import { countingLoader, deferred, patient } from './open-caches.ts';
import { redisBed } from './redis-bed.ts';
import { noteSocketWrites } from './socket-writes.ts';

const bed = redisBed(patient);
const { caches } = bed;
const { keyOf, leaseOf, putEntry } = keySpaceOf(() => bed.redis);

async function frames() {
  const items = await bed.redis.xrange(framesKey({ env: 'test', service: 'shop' }), '-', '+');
  return items.map(([, fields]) => frame.parse(JSON.parse(fields[1] ?? '')));
}

describe('fills', () => {
  it('of one turn leave as one pipeline, after the callers have their values', async () => {
    const links = await holdLinksTo(bed.server.port);
    const { cache, events } = await caches.open({ redis: links.url });
    const answer = deferred<string>();
    const { load, calls } = countingLoader(() => answer.promise);
    const reads = Array.from({ length: 20 }, (_, n) => cache.getOrSet('product', String(n), load));
    await vi.waitFor(() => expect(calls()).toBe(20));
    // Held before Redis, nothing of it is answered: what has been sent was sent without waiting for a reply.
    const release = links.hold('lease', 'toServer');
    links.takeSent('lease');
    answer.resolve('v');
    await Promise.all(reads);
    expect(events.filter((event) => event.type === 'fill')).toEqual([]);
    await vi.waitFor(() => expect(links.writesOf('lease', fillEntry.sha)).toEqual([20]));
    release();
    await vi.waitFor(() => expect(events.filter((event) => event.type === 'fill' && event.result === 'stored')).toHaveLength(20));
    await links.close();
  });

  it('are not sent before the callers have had their turn with the values', async () => {
    const { cache } = await caches.open();
    await cache.getOrSet('product', 'known', () => Promise.resolve('v'));
    await vi.waitFor(async () => expect(await cache.get('product', 'known')).toBe('v'));
    const { texts } = noteSocketWrites();
    const fillsSent = () => texts().filter((text) => text.includes(fillEntry.sha)).length;
    const answered = deferred<number>();
    cache
      .getOrSet('product', '1', () => Promise.resolve('v'))
      .then(() => setImmediate(() => answered.resolve(fillsSent())))
      .catch(answered.reject);
    expect(await answered.promise).toBe(0);
    await vi.waitFor(async () => expect(await cache.get('product', '1')).toBe('v'));
    expect(fillsSent()).toBe(1);
  });

  it.each([
    ['64 at most', 100, 'v', [64, 36]],
    ['about a megabyte at most', 5, 'v'.repeat(400_000), [2, 2, 1]],
  ])('of one turn leave in pieces: %s', async (_what, count, value, pieces) => {
    const { cache, events } = await caches.open();
    await cache.getOrSet('product', 'known', () => Promise.resolve('v'));
    await vi.waitFor(async () => expect(await cache.get('product', 'known')).toBe('v'));
    const answer = deferred<string>();
    const { load, calls } = countingLoader(() => answer.promise);
    const reads = Array.from({ length: count }, (_, n) => cache.getOrSet('product', String(n), load));
    await vi.waitFor(() => expect(calls()).toBe(count));
    const { texts } = noteSocketWrites();
    answer.resolve(value);
    await Promise.all(reads);
    await vi.waitFor(() => expect(events.filter((event) => event.type === 'fill' && event.result === 'stored')).toHaveLength(count + 1));
    expect(texts().flatMap((text) => (text.includes(fillEntry.sha) ? [text.split(fillEntry.sha).length - 1] : []))).toEqual(pieces);
  });

  it('past the bound are dropped, and their leases given back', async () => {
    const links = await holdLinksTo(bed.server.port);
    // No deadline passes while they are held.
    const { cache, events } = await caches.open({ redis: links.url, origin: { concurrencyMax: 2_000 } }, { clock: manualClock() });
    const answer = deferred<string>();
    const { load, calls } = countingLoader(() => answer.promise);
    const reads = Array.from({ length: 1_003 }, (_, n) => cache.getOrSet('product', String(n), load));
    await vi.waitFor(() => expect(calls()).toBe(1_003), 5_000);
    const release = links.hold('lease', 'toServer');
    answer.resolve('v');
    await Promise.all(reads);
    expect(events.filter((event) => event.type === 'fill')).toEqual(
      Array.from({ length: 3 }, (_, n) => ({ type: 'fill', entity: 'product', id: String(1_000 + n), result: 'dropped' })),
    );
    release();
    await vi.waitFor(() => expect(events.filter((event) => event.type === 'fill' && event.result === 'stored')).toHaveLength(1_000), 5_000);
    await vi.waitFor(async () => expect(await bed.redis.keys('{*')).toEqual([]));
    expect(await bed.redis.exists(await keyOf('999'))).toBe(1);
    expect(await bed.redis.exists(await keyOf('1000'))).toBe(0);
    expect(await cache.getOrSet('product', '1000', () => Promise.resolve('again'))).toBe('again');
    await links.close();
  });

  it('that Redis refuses give their lease back: who waits need not wait for its end', async () => {
    const { cache, events } = await caches.open({ policies: { product: { ttl: '10min', leaseMs: 60_000 } } });
    const answer = deferred<string>();
    const { load, calls } = countingLoader(() => answer.promise);
    const read = cache.getOrSet('product', '1', load);
    await vi.waitFor(() => expect(calls()).toBe(1));
    const lease = await leaseOf('1');
    expect(await bed.redis.exists(lease)).toBe(1);
    await bed.redis.config('SET', 'maxmemory', '1');
    try {
      answer.resolve('v');
      expect(await read).toBe('v');
      await vi.waitFor(() => expect(events).toContainEqual({ type: 'fill', entity: 'product', id: '1', result: 'failed' }));
      await vi.waitFor(async () => expect(await bed.redis.exists(lease)).toBe(0));
    } finally {
      await bed.redis.config('SET', 'maxmemory', '0');
    }
  });

  it('tell in the frame how many wait, and the longest way from load to entry', async () => {
    const links = await holdLinksTo(bed.server.port);
    const clock = manualClock();
    // No timeout of the socket either, for as long as a frame takes.
    const { cache, events } = await caches.open({ redis: links.url, deadlineMs: 5_000 }, { clock });
    const answer = deferred<string>();
    const { load, calls } = countingLoader(() => answer.promise);
    const reads = ['1', '2'].map((id) => cache.getOrSet('product', id, load));
    await vi.waitFor(() => expect(calls()).toBe(2));
    const release = links.hold('lease', 'toServer');
    answer.resolve('v');
    await Promise.all(reads);
    clock.advance(40);
    await vi.waitFor(async () => expect((await frames()).map(({ fills }) => fills?.waiting)).toContain(2), 5_000);
    clock.advance(30);
    release();
    await vi.waitFor(() => expect(events.filter((event) => event.type === 'fill' && event.result === 'stored')).toHaveLength(2));
    await cache.close();
    expect(Math.max(...(await frames()).map(({ fills }) => fills?.lagMsMax ?? 0))).toBe(70);
    await links.close();
  });
});

describe('reads under way', () => {
  const policies = { product: { ttl: '10min', staleWindow: '1min', loadTimeoutMs: 50 } } as const;
  const MAX = 3;
  const failing = () => Promise.reject(new Error('origin down'));

  /** Exactly `MAX` reads are taken, one more is refused at once, and each place is free again afterwards. */
  async function expectAllPlacesFree(cache: Cache<string>): Promise<void> {
    const answer = deferred<string>();
    const ids = Array.from({ length: MAX }, (_, n) => `place ${n} ${Math.random()}`);
    const reads = ids.map((id) => cache.getOrSet('product', id, () => answer.promise));
    for (const refused of [
      cache.getOrSet('product', 'more', () => Promise.resolve('v')),
      cache.get('product', 'more'),
      cache.peek('product', 'more'),
    ]) {
      await expect(refused).rejects.toMatchObject({ name: 'TooManyReads', message: expect.stringContaining('3 reads are under way') });
    }
    answer.resolve('v');
    expect(await Promise.all(reads)).toEqual(['v', 'v', 'v']);
  }

  const ends: [string, (cache: Cache<string>) => Promise<unknown>][] = [
    ['a hit', async (cache) => expect(await cache.getOrSet('product', 'fresh', failing)).toBe('v')],
    ['a stale hit', async (cache) => expect(await cache.getOrSet('product', 'stale', failing)).toBe('v')],
    ['a hit without a loader', async (cache) => expect(await cache.get('product', 'fresh')).toBe('v')],
    ['a peek', async (cache) => expect(await cache.peek('product', 'fresh')).toMatchObject({ kind: 'fresh' })],
    ['a peek of nothing', async (cache) => expect(await cache.peek('product', 'none')).toEqual({ kind: 'miss' })],
    ['a miss without a loader', async (cache) => expect(await cache.get('product', 'none')).toBeUndefined()],
    [
      'a miss that loads',
      async (cache) => expect(await cache.getOrSet('product', `new ${Math.random()}`, () => Promise.resolve('v'))).toBe('v'),
    ],
    ['bytes that are no entry', async (cache) => expect(await cache.get('product', 'broken')).toBeUndefined()],
    ['a loader that fails', async (cache) => await expect(cache.getOrSet('product', 'none', failing)).rejects.toThrow('origin down')],
    [
      'a loader that hangs',
      async (cache) =>
        await expect(cache.getOrSet('product', 'none', () => new Promise(() => {}))).rejects.toMatchObject({ name: 'LoadTimeout' }),
    ],
    [
      'two that share a load',
      async (cache) => {
        const both = [1, 2].map(() => cache.getOrSet('product', `shared ${Math.random()}`, () => Promise.resolve('v')));
        expect(await Promise.all(both)).toEqual(['v', 'v']);
      },
    ],
    [
      'a version that moved',
      async (cache) => {
        await bed.redis.del('sideboard:test:shop:version:product');
        await cache.getOrSet('product', 'fresh', () => Promise.resolve('v'));
      },
    ],
  ];

  it.each(ends)('%s gives its place back', async (_name, end) => {
    const { cache } = await caches.open({ readsMax: MAX, policies });
    await putEntry('fresh', 'v', { createdMs: -60_000, freshMs: 60_000, expiresMs: 60_000 });
    await putEntry('stale', 'v', { createdMs: -60_000, freshMs: -30_000, expiresMs: 60_000 });
    await bed.redis.set(await keyOf('broken'), 'garbage', 'PX', 60_000);
    for (let n = 0; n < MAX + 1; n += 1) await end(cache);
    await expectAllPlacesFree(cache);
  });

  it('so do reads that Redis does not answer', async () => {
    const { cache } = await caches.open({ readsMax: MAX, policies });
    await bed.server.kill();
    try {
      for (let n = 0; n < MAX + 1; n += 1) {
        expect(await cache.get('product', '1')).toBeUndefined();
        expect(await cache.peek('product', '1')).toEqual({ kind: 'unavailable' });
        expect(await cache.getOrSet('product', '1', () => Promise.resolve('v'))).toBe('v');
        await expect(cache.getOrSet('product', '1', failing)).rejects.toThrow('origin down');
      }
      await expectAllPlacesFree(cache);
    } finally {
      await bed.server.restart();
    }
  });

  it('so do those that wait for a load of another instance', async () => {
    const [a, b] = [await caches.open(), await caches.open({ readsMax: MAX })];
    const answer = deferred<string>();
    const { load, calls } = countingLoader(() => answer.promise);
    const held = a.cache.getOrSet('product', '1', load);
    await vi.waitFor(() => expect(calls()).toBe(1));
    const waiting = Array.from({ length: MAX }, () => b.cache.getOrSet('product', '1', load));
    await expect(b.cache.get('product', '2')).rejects.toMatchObject({ name: 'TooManyReads' });
    answer.resolve('v');
    expect(await Promise.all([held, ...waiting])).toEqual(['v', 'v', 'v', 'v']);
    await expectAllPlacesFree(b.cache);
  });
});
