import { describe, expect, it, vi } from 'vitest';
import type { LoadContext } from '../../engine/cache.ts';
import { leaseKey, versionKey } from '../../engine/keys.ts';
import { holdLinksTo } from './held-links.ts';
import { keySpaceOf } from './key-space.ts';
import { countingLoader, deferred, patient } from './open-caches.ts';
import { redisBed } from './redis-bed.ts';

const ref = { env: 'test', service: 'shop' };
const bed = redisBed(patient);
const { caches } = bed;
const { keyOf, putEntry } = keySpaceOf(() => bed.redis);

describe('ids and entities', () => {
  const odd = ['a:b', '{a}', '*', 'a\0b', '😀', '', ' ', '\ud83d', '[x]?\\', '__proto__', 'x'.repeat(10_240), '\r\n', '%3A'];
  it.each(odd.map((id) => [id.slice(0, 20), id]))('%j works as an id, and as an entity', async (_shown, id) => {
    const entity = id === '' || id === '__proto__' || id.length > 200 ? 'e' : id;
    const { cache } = await caches.open({ policies: { [entity]: { ttl: '1h' } } });
    const { load, calls } = countingLoader(() => Promise.resolve({ id }));
    expect(await cache.getOrSet(entity, id, load)).toEqual({ id });
    await vi.waitFor(async () => expect(await cache.get(entity, id)).toEqual({ id }));
    expect(calls()).toBe(1);
    expect(await cache.invalidate(entity, id)).toMatchObject({ removed: 1 });
    await cache.bumpVersion(entity);
    expect(await cache.get(entity, id)).toBeUndefined();
  });

  it('an entity without a policy is an error, never a new key', async () => {
    const { cache } = await caches.open();
    await expect(cache.getOrSet('prodcut', '1', () => Promise.resolve(1))).rejects.toMatchObject({ name: 'ConfigurationError' });
    await expect(cache.set('prodcut', '1', 1)).rejects.toMatchObject({ name: 'ConfigurationError' });
  });
});

describe('loaders', () => {
  it('one that throws: its callers get that very error, nothing is kept, the next read loads again', async () => {
    const { cache } = await caches.open();
    const failure = new Error('origin down');
    const throwing = () => {
      throw failure;
    };
    await expect(cache.getOrSet('product', '1', () => Promise.reject(failure))).rejects.toBe(failure);
    await expect(cache.getOrSet('product', '1', throwing)).rejects.toBe(failure);
    expect(await cache.getOrSet('product', '1', () => Promise.resolve('v'))).toBe('v');
  });

  it('one that hangs: LoadTimeout, its signal aborted, the lease given back', async () => {
    const { cache } = await caches.open({ policies: { product: { ttl: '1h', loadTimeoutMs: 50 } } });
    const aborted = deferred();
    const hung = cache.getOrSet('product', '1', ({ signal }) => {
      signal.addEventListener('abort', () => aborted.resolve());
      return new Promise(() => {});
    });
    await expect(hung).rejects.toMatchObject({ name: 'LoadTimeout' });
    await aborted.promise;
    // On a busy machine a lease may come too late to fill by.
    await vi.waitFor(async () => {
      expect(await cache.getOrSet('product', '1', () => Promise.resolve('v'))).toBe('v');
      expect(await cache.get('product', '1')).toBe('v');
    });
  });

  it('one that looks at its signal when its time is up: it is aborted, with the same error', async () => {
    const { cache } = await caches.open({ policies: { product: { ttl: '1h', loadTimeoutMs: 50 } } });
    const given = deferred<LoadContext>();
    const hung = cache.getOrSet('product', '1', (context) => {
      given.resolve(context);
      return new Promise(() => {});
    });
    const error: unknown = await hung.catch((reason: unknown) => reason);
    const { signal } = await given.promise;
    expect([signal.aborted, signal.reason]).toEqual([true, error]);
  });

  it('a value without a JSON form reaches the caller and is not kept; set rejects and touches nothing', async () => {
    const { cache, events } = await caches.open();
    expect(await cache.getOrSet('product', '1', () => Promise.resolve({ big: 1n }))).toEqual({ big: 1n });
    expect(events.some((event) => event.type === 'value.unserializable')).toBe(true);
    await cache.set('product', '1', 'v');
    await expect(cache.set('product', '1', { big: 1n })).rejects.toMatchObject({ name: 'SerializationError' });
    await expect(cache.set('product', '1', undefined)).rejects.toMatchObject({ name: 'SerializationError' });
    expect(await cache.get('product', '1')).toBe('v');
    await expect(cache.set('product', '1', () => Promise.resolve(1n))).rejects.toMatchObject({ name: 'SerializationError' });
    expect(await cache.get('product', '1')).toBeUndefined();
  });

  it('a value that its caller changes is kept as it was loaded', async () => {
    const { cache } = await caches.open();
    const value = await cache.getOrSet('product', '1', () => Promise.resolve({ price: 1 }));
    value.price = 2;
    await vi.waitFor(async () => expect(await cache.get('product', '1')).toEqual({ price: 1 }));
  });

  it('a value that its caller changes is kept as it was set', async () => {
    const { cache } = await caches.open();
    const value = { stock: 1 };
    const set = cache.set('product', '1', value);
    value.stock = 2;
    await set;
    expect(await cache.get('product', '1')).toEqual({ stock: 1 });
  });

  it('strategy none: the loader runs each time, and Redis holds nothing of it', async () => {
    const { cache, events } = await caches.open({ policies: { order: { strategy: 'none' } } });
    const { load, calls } = countingLoader((call) => Promise.resolve(call));
    expect(await Promise.all([cache.getOrSet('order', '1', load), cache.getOrSet('order', '1', load)])).toEqual([1, 2]);
    expect(calls()).toBe(2);
    expect(await cache.get('order', '1')).toBeUndefined();
    await cache.set('order', '1', load);
    await cache.invalidate('order', '1');
    expect((await bed.redis.keys('*')).filter((key) => /order|version/.test(key))).toEqual([]);
    expect(events.flatMap((event) => (event.type === 'read' ? [event.outcome] : []))).toEqual(['bypass', 'bypass']);
  });
});

describe('entries', () => {
  it.each(['garbage', 'flipped', 'foreign'])('%s bytes are a miss, counted, and removed unless replaced', async (kind) => {
    const { cache, events } = await caches.open();
    await cache.set('product', '1', 'v');
    await cache.set('product', '2', 'other');
    const [key, other] = [await keyOf('1'), await keyOf('2')];
    const bytes = Buffer.from((await bed.redis.getBuffer(kind === 'foreign' ? other : key)) ?? '');
    if (kind === 'flipped') bytes[bytes.length - 2] = (bytes[bytes.length - 2] ?? 0) ^ 1;
    await bed.redis.set(key, kind === 'garbage' ? 'garbage' : bytes, 'PX', 60_000);
    expect(await cache.getOrSet('product', '1', () => Promise.resolve('loaded'))).toBe('loaded');
    expect(events.filter((event) => event.type === 'entry.rejected')).toHaveLength(1);
    await vi.waitFor(async () => expect(await cache.get('product', '1')).toBe('loaded'));
    await bed.redis.set(key, 'garbage', 'PX', 60_000);
    expect(await cache.get('product', '1')).toBeUndefined();
    await vi.waitFor(async () => expect(await bed.redis.exists(key)).toBe(0));
  });

  it('a stale entry is served by all while one instance of the fleet refreshes it', async () => {
    const policies = { product: { ttl: 50, jitter: 0, staleWindow: '10min' } };
    const [a, b] = [await caches.open({ policies }), await caches.open({ policies })];
    await a.cache.set('product', '1', 'old');
    await vi.waitFor(async () => expect(await a.cache.peek('product', '1')).toMatchObject({ kind: 'stale' }));
    const answer = deferred<string>();
    const { load, calls } = countingLoader(() => answer.promise);
    for (let n = 0; n < 5; n += 1) {
      const reads = [a, b].flatMap(({ cache }) => Array.from({ length: 5 }, () => cache.getOrSet('product', '1', load)));
      expect(new Set(await Promise.all(reads))).toEqual(new Set(['old']));
    }
    await vi.waitFor(() => expect(calls()).toBe(1));
    answer.resolve('new');
    await vi.waitFor(async () => expect(await b.cache.get('product', '1')).toBe('new'));
    expect(calls()).toBe(1);
    const outcomes = [...a.events, ...b.events].flatMap((event) => (event.type === 'read' ? [event.outcome] : []));
    expect(outcomes.filter((outcome) => outcome === 'miss')).toEqual([]);
  });

  it.each([
    [0, 540_000],
    [1, 480_000],
  ])('between half of its jitter and all of it is taken off a TTL, as chance %d says: fresh for %d ms', async (chance, freshMs) => {
    const { cache } = await caches.open({ policies: { product: { ttl: '10min', jitter: 0.2 } } }, { random: () => chance });
    await cache.getOrSet('product', '1', () => Promise.resolve('v'));
    await cache.set('product', '2', 'v');
    for (const id of ['1', '2']) {
      await vi.waitFor(async () => expect(await cache.peek('product', id)).toMatchObject({ kind: 'fresh' }));
      const peek = await cache.peek('product', id);
      expect(peek.kind === 'fresh' && peek.freshUntilMs - peek.createdMs).toBe(freshMs);
    }
  });

  it('a stale entry that comes while its key loads here begins no other load', async () => {
    const { cache } = await caches.open();
    const answer = deferred<string>();
    const first = countingLoader(() => answer.promise);
    const read = cache.getOrSet('product', '1', first.load);
    await vi.waitFor(() => expect(first.calls()).toBe(1));
    // Not even where the lease of that load is gone.
    await bed.redis.del(leaseKey(await keyOf('1')));
    await putEntry('1', 'old', { createdMs: -60_000, freshMs: -30_000, expiresMs: 60_000 });
    const refresh = countingLoader(() => Promise.resolve('new'));
    expect(await cache.getOrSet('product', '1', refresh.load)).toBe('old');
    // A refresh would have its lease by now.
    await cache.getOrSet('product', '2', () => Promise.resolve('v'));
    expect(await bed.redis.exists(leaseKey(await keyOf('1')))).toBe(0);
    answer.resolve('v');
    expect(await read).toBe('v');
    expect(refresh.calls()).toBe(0);
  });

  it('data and leases always have a TTL, the version record never', async () => {
    const { cache } = await caches.open();
    const answer = deferred<string>();
    const read = cache.getOrSet('product', '1', () => answer.promise);
    await cache.set('product', '2', 'v');
    for (const key of await bed.redis.keys('*test:shop*')) {
      if (!key.startsWith('sideboard:')) expect(await bed.redis.pttl(key), key).toBeGreaterThan(0);
    }
    expect(await bed.redis.pttl(versionKey(ref, 'product'))).toBe(-1);
    answer.resolve('v');
    await read;
  });

  it('the fleet takes over the values of the console for entries filled from now on', async () => {
    const { cache } = await caches.open();
    await cache.set('product', '1', 'v');
    await bed.redis.set(
      'sideboard:test:shop:policies',
      JSON.stringify({ v: 1, rev: 1, entities: { product: { ttlMs: 5_000, jitter: 0, staleMs: 0 } } }),
    );
    await vi.waitFor(async () => {
      await cache.set('product', '2', 'v');
      expect(await bed.redis.pttl(await keyOf('2'))).toBeLessThanOrEqual(5_000);
    }, 5_000);
    expect(await bed.redis.pttl(await keyOf('1'))).toBeGreaterThan(400_000);
  });
});

describe('close', () => {
  it('stores what is on its way, gives back leases, refuses further calls and may be called twice', async () => {
    const { cache } = await caches.open();
    expect(await cache.getOrSet('product', '1', () => Promise.resolve('v'))).toBe('v');
    const answer = deferred<string>();
    const read = cache.getOrSet('product', '2', () => answer.promise);
    await vi.waitFor(async () => expect(await bed.redis.exists(leaseKey(await keyOf('2')))).toBe(1));
    await Promise.all([cache.close(), cache.close()]);
    expect(await bed.redis.exists(await keyOf('1'))).toBe(1);
    expect(await bed.redis.keys('{*')).toEqual([]);
    answer.resolve('late');
    expect(await read).toBe('late');
    await expect(cache.getOrSet('product', '1', () => Promise.resolve('v'))).rejects.toMatchObject({ name: 'CacheClosed' });
    await expect(cache.ready()).rejects.toMatchObject({ name: 'CacheClosed' });
    await vi.waitFor(async () => expect(await bed.redis.client('LIST')).not.toContain('name=sideboard-'));
  });
});

it('close waits for what is on its way to be stored', async () => {
  const links = await holdLinksTo(bed.server.port);
  const { cache, events } = await caches.open({ redis: links.url });
  const answer = deferred<string>();
  const loader = countingLoader(() => answer.promise);
  const read = cache.getOrSet('product', '1', loader.load);
  await vi.waitFor(() => expect(loader.calls()).toBe(1));
  const release = links.hold('lease', 'toClient');
  answer.resolve('v');
  expect(await read).toBe('v');
  await vi.waitFor(async () => expect(await bed.redis.exists(await keyOf('1'))).toBe(1));
  const order: string[] = [];
  const closing = cache.close().then(() => order.push('closed'));
  // As many round trips as it would have taken without it.
  for (let trip = 0; trip < 200 && order.length === 0; trip += 1) await bed.redis.ping();
  order.push('told');
  release();
  await closing;
  expect(order).toEqual(['told', 'closed']);
  expect(events).toContainEqual({ type: 'fill', entity: 'product', id: '1', result: 'stored' });
  await links.close();
});

describe('large values', () => {
  it('past bytesMax: set refuses, a load is given to its caller and not kept; past bytesWarn: kept and told of', async () => {
    const { cache, events } = await caches.open({ policies: { product: { ttl: '10min', bytesWarn: 100, bytesMax: 1_000 } } });
    await expect(cache.set('product', '1', 'x'.repeat(1_000))).rejects.toMatchObject({ name: 'SerializationError' });
    expect(await cache.getOrSet('product', '1', () => Promise.resolve('x'.repeat(1_000)))).toHaveLength(1_000);
    expect(await cache.get('product', '1')).toBeUndefined();
    await cache.set('product', '2', 'x'.repeat(500));
    expect(await cache.get('product', '2')).toHaveLength(500);
    expect(events.flatMap((event) => (event.type === 'value.large' ? [event.bytes] : []))).toEqual([502]);
  });

  it('hot and big keys travel in the frames, in bounded lists', async () => {
    const { cache } = await caches.open();
    for (let id = 0; id < 50; id += 1) await cache.set('product', `${id}`, 'x'.repeat(id * 10));
    for (let n = 0; n < 30; n += 1)
      await Promise.all(Array.from({ length: 40 }, (_, id) => cache.get('product', n % 2 === 0 ? '7' : `${id}`)));
    await vi.waitFor(async () => {
      const frames = await bed.redis.xrange('sideboard:test:shop:frames', '-', '+');
      const parsed = frames.map(([, fields]) => JSON.parse(fields[1] ?? ''));
      const hot = parsed.flatMap((one) => one.hot ?? []);
      const big = parsed.flatMap((one) => one.big ?? []);
      expect(hot.map((one: { id: string }) => one.id)).toContain('7');
      expect(big).toContainEqual({ entity: 'product', id: '49', count: 492 });
      expect(Math.max(...parsed.map((one) => (one.hot ?? []).length))).toBeLessThanOrEqual(10);
    }, 5_000);
  });
});
