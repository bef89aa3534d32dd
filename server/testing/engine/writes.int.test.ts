import { describe, expect, it, vi } from 'vitest';
import type { Cache } from '../../engine/cache.ts';
import { keySpaceOf } from './key-space.ts';
import { manualClock } from './manual-clock.ts';
import { countingLoader, deferred, patient } from './open-caches.ts';
import { redisBed } from './redis-bed.ts';

const bed = redisBed(patient);
const { caches } = bed;
const { keyOf, leaseOf } = keySpaceOf(() => bed.redis);

/** A write of `product` 1 that is at its origin, until told what that has taken. */
async function beginSet(cache: Cache<string>): Promise<{ end(value: string): Promise<void> }> {
  const origin = deferred<string>();
  const writing = deferred();
  const set = cache.set('product', '1', () => {
    writing.resolve();
    return origin.promise;
  });
  await writing.promise;
  return {
    async end(value) {
      origin.resolve(value);
      await set;
    },
  };
}

describe('rule 3: writes', () => {
  it('while the origin is written readers load without storing, and then the written value is a hit', async () => {
    const [a, b] = [await caches.open(), await caches.open()];
    await a.cache.set('product', '1', 'v1');
    const set = await beginSet(a.cache);
    expect(await b.cache.getOrSet('product', '1', () => Promise.resolve('v1 again'))).toBe('v1 again');
    expect(await bed.redis.exists(await keyOf('1'))).toBe(0);
    await set.end('v2');
    expect(await b.cache.get('product', '1')).toBe('v2');
  });

  it('a load that ran before the write is not stored over it', async () => {
    const [a, b] = [await caches.open(), await caches.open()];
    const old = deferred<string>();
    const read = b.cache.getOrSet('product', '1', () => old.promise);
    await vi.waitFor(async () => expect(await bed.redis.exists(await leaseOf('1'))).toBe(1));
    await a.cache.set('product', '1', () => Promise.resolve('v2'));
    old.resolve('v1');
    expect(await read).toBe('v1');
    await vi.waitFor(() => expect(b.events).toContainEqual({ type: 'fill', entity: 'product', id: '1', result: 'rejected' }));
    expect(await b.cache.get('product', '1')).toBe('v2');
  });

  it('of two writers at once neither value is kept unless its token stands to the end', async () => {
    const [a, b] = [await caches.open(), await caches.open()];
    const first = await beginSet(a.cache);
    const second = await beginSet(b.cache);
    await first.end('a');
    await second.end('b');
    // The first writer's removal took the second one's token: who wrote last cannot be told, so nobody's value stands.
    expect(await bed.redis.exists(await keyOf('1'))).toBe(0);
  });

  it('an invalidation during the origin write turns the fill into a removal', async () => {
    const [a, b] = [await caches.open(), await caches.open()];
    const set = await beginSet(a.cache);
    await b.cache.invalidate('product', '1');
    await set.end('v2');
    expect(await bed.redis.exists(await keyOf('1'))).toBe(0);
  });

  it('a bump during the origin write leaves nothing under either version', async () => {
    const [a, b] = [await caches.open(), await caches.open()];
    const set = await beginSet(a.cache);
    const before = await keyOf('1');
    await b.cache.bumpVersion('product');
    expect(await b.cache.getOrSet('product', '1', () => Promise.resolve('v1'))).toBe('v1');
    await vi.waitFor(async () => expect(await bed.redis.exists(await keyOf('1'))).toBe(1));
    await set.end('v2');
    expect(await bed.redis.exists(await keyOf('1'))).toBe(0);
    expect(await bed.redis.get(before).then((bytes) => bytes === null || bytes.includes('v2'))).toBe(true);
  });

  it('Redis unreachable: the origin is not touched', async () => {
    const { cache } = await caches.open();
    await bed.server.kill();
    try {
      const { load, calls } = countingLoader(() => Promise.resolve('v'));
      await expect(cache.set('product', '1', load)).rejects.toMatchObject({ name: 'WriteNotStarted' });
      expect(calls()).toBe(0);
    } finally {
      await bed.server.restart();
    }
  });

  it.each([
    ['refused in the middle', 'getex', 'WriteNotStarted', false],
    ['not acknowledged in the end', 'evalsha', 'WrittenNotInvalidated', true],
  ] as const)('one that is %s renews its token no more', async (_how, refused, name, begun) => {
    const clock = manualClock();
    await bed.redis.acl('SETUSER', 'halfway', 'reset', 'on', '>pw', '~*', '&*', '+@all');
    const redis = { host: '127.0.0.1', port: bed.server.port, username: 'halfway', password: 'pw' };
    const policies = { product: { ttl: '10min', leaseMs: 2_700, loadTimeoutMs: 600 } } as const;
    const { cache } = await caches.open({ redis, policies }, { clock });
    const refuse = () => bed.redis.acl('SETUSER', 'halfway', `-${refused}`);
    if (!begun) await refuse();
    const set = cache.set('product', '1', async () => {
      await refuse();
      return 'v';
    });
    await expect(set).rejects.toMatchObject({ name });
    const lease = await leaseOf('1');
    expect(await bed.redis.get(lease)).toMatch(/^W/);
    await bed.redis.pexpire(lease, 60_000);
    await bed.redis.acl('SETUSER', 'halfway', `+${refused}`);
    // A third of its length, and not yet the second after which the removal is asked for again.
    clock.advance(950);
    // Behind what the same connection would have sent by now.
    await cache.invalidate('product', '2');
    expect(await bed.redis.pttl(lease)).toBeGreaterThan(2_700);
  });

  it.each([
    ['after the origin was written', () => Promise.resolve('v'), 'Unavailable'],
    ['while the origin was written, and that failed', () => Promise.reject(new RangeError('constraint')), 'RangeError'],
  ])('Redis lost %s: a typed error with its cause, and the removal is done when it is back', async (_when, origin, cause) => {
    const { cache, events } = await caches.open();
    const set = cache.set('product', '1', async () => {
      await bed.server.kill();
      return origin();
    });
    await expect(set).rejects.toMatchObject({ name: 'WrittenNotInvalidated', cause: { name: cause } });
    await bed.server.restart();
    await vi.waitFor(() => expect(events).toContainEqual({ type: 'invalidation.replayed', entity: 'product', id: '1' }), 10_000);
  });

  it("what the origin's write throws is thrown as it is, and the key is left invalidated", async () => {
    const { cache } = await caches.open();
    await cache.set('product', '1', 'v1');
    const failure = new Error('constraint');
    await expect(cache.set('product', '1', () => Promise.reject(failure))).rejects.toBe(failure);
    expect(await bed.redis.mget(await keyOf('1'), await leaseOf('1'))).toEqual([null, null]);
  });
});
