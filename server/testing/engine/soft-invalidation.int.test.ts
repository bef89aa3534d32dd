import { describe, expect, it, vi } from 'vitest';
import { STALE_MARK_AT } from '../../engine/envelope.ts';
import { keySpaceOf } from './key-space.ts';
import { manualClock } from './manual-clock.ts';
import { countingLoader, deferred, patient } from './open-caches.ts';
import { redisBed } from './redis-bed.ts';

const bed = redisBed(patient);
const { caches } = bed;
const { keyOf, leaseOf, entry, putEntry } = keySpaceOf(() => bed.redis);

const soft = { mode: 'soft' } as const;

describe('rule 5: soft invalidation', () => {
  it('marks the entry in place: two bytes change, its value, times and TTL stay', async () => {
    const { cache } = await caches.open();
    await cache.set('product', '1', { name: 'chair' });
    const key = await keyOf('1');
    const [before, expiresAt] = [await bed.redis.getBuffer(key), await bed.redis.pexpiretime(key)];
    expect(await cache.invalidate('product', '1', soft)).toEqual({ removed: 0, markedStale: 1, leasesRevoked: 0 });
    const after = await bed.redis.getBuffer(key);
    const changed = [...(after ?? [])].flatMap((byte, at) => (byte === before?.[at] ? [] : [at]));
    expect(changed).toEqual([STALE_MARK_AT, STALE_MARK_AT + 1]);
    expect(after?.length).toBe(before?.length);
    expect(await bed.redis.pexpiretime(key)).toBe(expiresAt);
    expect(await cache.invalidate('product', '1', soft)).toEqual({ removed: 0, markedStale: 1, leasesRevoked: 0 });
    expect(await bed.redis.getBuffer(key)).toEqual(after);
  });

  it('what was not found is an entry too: it is marked, served as stale and loaded again', async () => {
    const { cache } = await caches.open();
    await cache.set('product', '1', null);
    expect(await cache.peek('product', '1')).toMatchObject({ kind: 'fresh', value: null });
    expect(await cache.invalidate('product', '1', { mode: 'soft' })).toEqual({ removed: 0, markedStale: 1, leasesRevoked: 0 });
    expect(await cache.peek('product', '1')).toMatchObject({ kind: 'stale', value: null });
    expect(await cache.getOrSet('product', '1', () => Promise.resolve('new'))).toBeNull();
    await vi.waitFor(async () => expect(await cache.peek('product', '1')).toMatchObject({ kind: 'fresh', value: 'new' }));
  });

  it('never creates a key', async () => {
    const { cache } = await caches.open();
    expect(await cache.invalidate('product', '1', soft)).toEqual({ removed: 0, markedStale: 0, leasesRevoked: 0 });
    expect(await bed.redis.exists(await keyOf('1'), await leaseOf('1'))).toBe(0);
  });

  it('nothing older than it is called fresh by any instance; a load that begins later replaces it', async () => {
    const [a, b] = [await caches.open(), await caches.open()];
    await a.cache.set('product', '1', 'old');
    expect(await b.cache.peek('product', '1')).toMatchObject({ kind: 'fresh' });
    await a.cache.invalidate('product', '1', soft);
    for (const { cache } of [a, b]) {
      expect(await cache.peek('product', '1')).toMatchObject({ kind: 'stale', value: 'old' });
      expect(await cache.get('product', '1')).toBe('old');
    }
    const origin = countingLoader(() => Promise.resolve('new'));
    expect(await b.cache.getOrSet('product', '1', origin.load)).toBe('old');
    await vi.waitFor(async () => expect(await a.cache.peek('product', '1')).toMatchObject({ kind: 'fresh', value: 'new' }));
    expect(origin.calls()).toBe(1);
    expect(b.events).toContainEqual({ type: 'load.started', entity: 'product', id: '1', leased: true, reason: 'refresh' });
    expect(await entry('1')).toMatchObject({ kind: 'fresh', flags: [] });
  });

  it('a load that was under way loses its lease: it may not store what is old as fresh', async () => {
    const [a, b] = [await caches.open(), await caches.open()];
    const old = deferred<string>();
    const read = a.cache.getOrSet('product', '1', () => old.promise);
    await vi.waitFor(async () => expect(await bed.redis.exists(await leaseOf('1'))).toBe(1));
    expect(await b.cache.invalidate('product', '1', soft)).toEqual({ removed: 0, markedStale: 0, leasesRevoked: 1 });
    old.resolve('old');
    expect(await read).toBe('old');
    await vi.waitFor(() => expect(a.events).toContainEqual({ type: 'fill', entity: 'product', id: '1', result: 'rejected' }));
    expect(await bed.redis.exists(await keyOf('1'))).toBe(0);
  });

  it('a refresh that was under way loses it too, and the mark stays', async () => {
    const [a, b] = [await caches.open(), await caches.open()];
    await putEntry('1', 'oldest', { createdMs: -60_000, freshMs: -30_000, expiresMs: 60_000 });
    const old = deferred<string>();
    expect(await a.cache.getOrSet('product', '1', () => old.promise)).toBe('oldest');
    await vi.waitFor(() => expect(a.events.some((event) => event.type === 'load.started')).toBe(true));
    expect(await b.cache.invalidate('product', '1', soft)).toEqual({ removed: 0, markedStale: 1, leasesRevoked: 1 });
    old.resolve('old');
    await vi.waitFor(() => expect(a.events).toContainEqual({ type: 'fill', entity: 'product', id: '1', result: 'rejected' }));
    expect(await entry('1')).toMatchObject({ kind: 'stale', flags: ['stale'] });
    expect(await b.cache.get('product', '1')).toBe('oldest');
  });

  it('wakes who waits for the load that it revoked', async () => {
    // Its time stands still: no fallback timer runs, only the push can wake it.
    const [a, b, c] = [await caches.open(), await caches.open({}, { clock: manualClock() }), await caches.open()];
    const old = deferred<string>();
    const read = a.cache.getOrSet('product', '1', () => old.promise);
    await vi.waitFor(async () => expect(await bed.redis.exists(await leaseOf('1'))).toBe(1));
    const own = countingLoader(() => Promise.resolve('new'));
    const waiting = b.cache.getOrSet('product', '1', own.load);
    await vi.waitFor(async () => expect(await bed.redis.strlen(await leaseOf('1'))).toBe(40));
    await c.cache.invalidate('product', '1', soft);
    expect(await waiting).toBe('new');
    expect(own.calls()).toBe(1);
    old.resolve('old');
    expect(await read).toBe('old');
  });

  it('is hard where Redis has no room for the mark', async () => {
    const { cache } = await caches.open();
    await cache.set('product', '1', 'v');
    const key = await keyOf('1');
    await bed.redis.config('SET', 'maxmemory', '1');
    try {
      expect(await cache.invalidate('product', '1', soft)).toEqual({ removed: 1, markedStale: 0, leasesRevoked: 0 });
    } finally {
      await bed.redis.config('SET', 'maxmemory', '0');
    }
    expect(await bed.redis.exists(key)).toBe(0);
  });

  it('covers what an undo could bring back', async () => {
    const { cache } = await caches.open();
    await cache.set('product', '1', 'v1');
    await cache.bumpVersion('product');
    await cache.set('product', '2', 'other');
    expect(await cache.invalidate('product', '1', soft)).toEqual({ removed: 0, markedStale: 1, leasesRevoked: 0 });
    await cache.undoBump('product');
    expect(await cache.peek('product', '1')).toMatchObject({ kind: 'stale', value: 'v1' });
  });

  it('a refusal is an error, never an acknowledgement', async () => {
    const { cache } = await caches.open();
    await cache.set('product', '1', 'v1');
    await bed.redis.config('SET', 'min-replicas-to-write', '1');
    try {
      await expect(cache.invalidate('product', '1', soft)).rejects.toMatchObject({ name: 'InvalidationNotAcknowledged' });
    } finally {
      await bed.redis.config('SET', 'min-replicas-to-write', '0');
    }
  });
});
