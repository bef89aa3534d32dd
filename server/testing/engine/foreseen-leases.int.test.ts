import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CacheOptions } from '../../engine/cache.ts';
import { foreseeLease } from '../../engine/scripts.ts';
import { commandCalls } from './command-calls.ts';
import { type HeldLinks, holdLinksTo } from './held-links.ts';
import { keySpaceOf, token } from './key-space.ts';
import { countingLoader, patient, type TracedCache } from './open-caches.ts';
import { redisBed } from './redis-bed.ts';
import { noteSocketWrites } from './socket-writes.ts';

// A lease that is not given back stays for longer than any test.
const bed = redisBed({ ...patient, policies: { product: { ttl: '10min', leaseMs: 60_000 } } });
const { caches } = bed;
const { keyOf, leaseOf, putEntry } = keySpaceOf(() => bed.redis);
let links: HeldLinks;
beforeEach(async () => {
  links = await holdLinksTo(bed.server.port);
});
afterEach(async () => {
  await caches.closeAll();
  await links.close();
});

/** A cache past the links, after enough misses, one after another, that the next one is expected. */
async function openMissing(options: Partial<CacheOptions<string>> = {}): Promise<TracedCache> {
  const traced = await caches.open({ redis: links.url, ...options });
  for (let i = 0; i < 20; i += 1) await traced.cache.getOrSet('product', `cold ${i}`, () => Promise.resolve(i));
  await vi.waitFor(async () => expect(await bed.redis.exists(await leaseOf('cold 19'))).toBe(0));
  return traced;
}

async function killClient(role: string): Promise<void> {
  const clients = String(await bed.redis.client('LIST'));
  const id = new RegExp(`id=(\\d+).*name=sideboard-${role} `).exec(clients)?.[1] ?? '';
  await bed.redis.client('KILL', 'ID', id);
}

async function leaseStands(id: string): Promise<void> {
  await vi.waitFor(async () => expect(await bed.redis.exists(await leaseOf(id))).toBe(1));
}

describe('where most reads miss', () => {
  it('a cold read asks once: for the entry, the lease and the version, in one write', async () => {
    const { cache } = await openMissing({ redis: bed.server.url });
    await bed.redis.config('RESETSTAT');
    const { texts } = noteSocketWrites();
    const ids = ['1', '2', '3', '4'];
    expect(await Promise.all(ids.map((id) => cache.getOrSet('product', id, () => Promise.resolve(id))))).toEqual(ids);
    await vi.waitFor(async () => expect(await bed.redis.exists(...(await Promise.all(ids.map(keyOf))))).toBe(4));
    const calls = await commandCalls(bed.redis);
    // A script for each lease and each fill.
    expect([calls.get('mget'), calls.get('getex'), calls.get('evalsha')]).toEqual([1, 1, 8]);
    const questions = texts().filter((text) => text.includes('mget') || text.includes(foreseeLease.sha));
    expect(questions).toHaveLength(1);
    expect(questions[0]?.match(/^(mget|getex|evalsha)\r$/gm)).toEqual(['mget\r', ...Array(4).fill('evalsha\r'), 'getex\r']);
  });

  it('an entry that stands is served before the loaders beside it are called', async () => {
    const [a, b] = [await openMissing(), await caches.open()];
    await b.cache.set('product', 'stands', 'stands');
    const order: string[] = [];
    const loader = (name: string) => () => {
      order.push(`load ${name}`);
      return Promise.resolve(name);
    };
    const cold = a.cache.getOrSet('product', 'cold', loader('cold'));
    const hit = a.cache.getOrSet('product', 'stands', loader('stands')).then(() => order.push('hit'));
    await Promise.all([cold, hit]);
    expect(order).toEqual(['hit', 'load cold']);
  });

  it('a lease that could be neither renewed nor ended is not asked for', async () => {
    const { cache } = await openMissing();
    let reads = 0;
    const askedBy = async () => {
      links.takeSent('read');
      reads += 1;
      expect(await cache.getOrSet('product', String(reads), () => Promise.resolve('value'))).toBe('value');
      return [links.writesOf('read', 'mget'), links.writesOf('read', 'evalsha')];
    };
    expect(await askedBy()).toEqual([[1], [1]]);
    links.hold('lease', 'toClient', 'sideboard-lease');
    await killClient('lease');
    // Until it is known to be lost.
    await vi.waitFor(async () => expect(await askedBy()).toEqual([[1], []]));
    expect(await askedBy()).toEqual([[1], []]);
  });

  it('a read that cannot be sent asks for none, and gives none back', async () => {
    const { cache, events } = await openMissing();
    links.hold('read', 'toClient', 'sideboard-read');
    await killClient('read');
    await vi.waitFor(() => expect(events).toContainEqual(expect.objectContaining({ type: 'redis.unavailable' })));
    await bed.redis.config('RESETSTAT');
    for (let i = 0; i < 5; i += 1) expect(await cache.getOrSet('product', String(i), () => Promise.resolve('value'))).toBe('value');
    await bed.redis.ping();
    expect((await commandCalls(bed.redis)).get('evalsha')).toBeUndefined();
  });

  it('the lease is asked for while the entry is: both are on their way at once', async () => {
    const { cache } = await openMissing();
    const { load, calls } = countingLoader(() => Promise.resolve('value'));
    const release = links.hold('read', 'toClient');
    const read = cache.getOrSet('product', '1', load);
    await leaseStands('1');
    expect(calls()).toBe(0);
    release();
    expect(await read).toBe('value');
    await vi.waitFor(async () => expect(await bed.redis.exists(await keyOf('1'))).toBe(1));
    expect(calls()).toBe(1);
    expect(await bed.redis.exists(await leaseOf('1'))).toBe(0);
  });

  it('an entry that stands is served as a hit, and no lease is left', async () => {
    const [a, b] = [await openMissing(), await caches.open()];
    await b.cache.set('product', '1', 'stands');
    await bed.redis.config('RESETSTAT');
    const { load, calls } = countingLoader(() => Promise.resolve('own'));
    expect(await a.cache.getOrSet('product', '1', load)).toBe('stands');
    expect(a.events).toContainEqual(expect.objectContaining({ type: 'read', id: '1', outcome: 'hit' }));
    expect(calls()).toBe(0);
    expect(await bed.redis.exists(await leaseOf('1'))).toBe(0);
    await a.cache.close();
    // The question. Nothing was granted, so nothing is given back.
    expect((await commandCalls(bed.redis)).get('evalsha')).toBe(1);
  });

  it('a write that is under way keeps its token: the read loads without a lease', async () => {
    const { cache, events } = await openMissing();
    const lease = await leaseOf('1');
    await bed.redis.set(lease, token('W', 'writer'), 'PX', 60_000);
    expect(await cache.getOrSet('product', '1', () => Promise.resolve('v'))).toBe('v');
    expect(events).toContainEqual({ type: 'load.started', entity: 'product', id: '1', leased: false, reason: 'miss' });
    expect(await bed.redis.get(lease)).toBe(token('W', 'writer'));
    expect(await bed.redis.exists(await keyOf('1'))).toBe(0);
  });

  it('a load that is under way elsewhere keeps its token: the read waits for it', async () => {
    const { cache } = await openMissing();
    const [key, lease] = [await keyOf('1'), await leaseOf('1')];
    await bed.redis.set(lease, token('L', 'loader'), 'PX', 60_000);
    const { load, calls } = countingLoader(() => Promise.resolve('own'));
    const read = cache.getOrSet('product', '1', load);
    await vi.waitFor(async () => expect(await bed.redis.strlen(lease)).toBe(40));
    expect(await bed.redis.get(lease)).toMatch(new RegExp(`^${token('L', 'loader')}`));
    await putEntry('1', 'theirs', { createdMs: 0, freshMs: 60_000, expiresMs: 60_000 });
    await bed.redis.del(lease);
    expect(await bed.redis.exists(key)).toBe(1);
    expect(await read).toBe('theirs');
    expect(calls()).toBe(0);
  });

  it('reads that are lost give their leases back, whether their pipeline proves its place or not', async () => {
    const { cache } = await openMissing();
    links.hold('read', 'toClient');
    // Of two that follow each other at once, the second does not.
    const first = cache.getOrSet('product', '1', () => Promise.resolve('value'));
    await new Promise((resolve) => setImmediate(resolve));
    const second = cache.getOrSet('product', '2', () => Promise.resolve('value'));
    await leaseStands('1');
    await leaseStands('2');
    links.reset('read');
    expect(await Promise.all([first, second])).toEqual(['value', 'value']);
    await vi.waitFor(async () => expect(await bed.redis.exists(await leaseOf('1'), await leaseOf('2'))).toBe(0));
    expect(await bed.redis.exists(await keyOf('1'), await keyOf('2'))).toBe(0);
  });

  it.each([
    // The question, the return at the deadline, which finds nothing, and that of what was granted late.
    ['read', 3],
    ['lease', 2],
  ])('a question of the role %s that comes after its deadline leaves no lease', async (role, scripts) => {
    const { cache } = role === 'read' ? await openMissing({ deadlineMs: 100 }) : await caches.open({ redis: links.url, deadlineMs: 100 });
    await cache.get('product', 'known');
    await bed.redis.config('RESETSTAT');
    const release = links.hold(role, 'toServer');
    expect(await cache.getOrSet('product', '1', () => Promise.resolve('value'))).toBe('value');
    release();
    await vi.waitFor(async () => expect((await commandCalls(bed.redis)).get('evalsha')).toBe(scripts));
    expect(await bed.redis.exists(await leaseOf('1'))).toBe(0);
  });

  it('two reads of one key that go out one after the other have one load, and ask no more than that', async () => {
    const { cache } = await openMissing();
    const release = links.hold('read', 'toClient');
    const { load, calls } = countingLoader(() => Promise.resolve('value'));
    await bed.redis.config('RESETSTAT');
    const reads = [cache.getOrSet('product', '1', load)];
    await vi.waitFor(async () => expect((await commandCalls(bed.redis)).get('mget')).toBe(1));
    reads.push(cache.getOrSet('product', '1', load));
    await vi.waitFor(async () => expect((await commandCalls(bed.redis)).get('mget')).toBe(2));
    release();
    expect(await Promise.all(reads)).toEqual(['value', 'value']);
    await vi.waitFor(async () => expect(await bed.redis.exists(await keyOf('1'))).toBe(1));
    // The lease and the fill.
    expect([calls(), (await commandCalls(bed.redis)).get('evalsha')]).toEqual([1, 2]);
  });

  it('whatever it was doing, an instance that closes leaves no lease', async () => {
    for (let run = 0; run < 10; run += 1) {
      const { cache } = await openMissing();
      const reads = Array.from({ length: 50 }, (_, i) => cache.getOrSet('product', `${run} ${i}`, () => Promise.resolve('value')));
      await new Promise((resolve) => setImmediate(resolve));
      await cache.close();
      expect(new Set(await Promise.all(reads))).toEqual(new Set(['value']));
    }
    expect(await bed.redis.keys('{*')).toEqual([]);
  });

  it('an instance that closes gives it back', async () => {
    const { cache } = await openMissing();
    links.hold('read', 'toClient');
    const read = cache.getOrSet('product', '1', () => Promise.resolve('value'));
    await leaseStands('1');
    await cache.close();
    expect(await bed.redis.exists(await leaseOf('1'))).toBe(0);
    expect(await read).toBe('value');
  });
});

it('where most reads hit, nothing but the entry is asked for', async () => {
  const { cache } = await caches.open();
  for (let i = 0; i < 20; i += 1) await cache.set('product', String(i), i);
  for (const id of ['none', 'none either']) await cache.getOrSet('product', id, () => Promise.resolve('loaded'));
  for (let i = 0; i < 20; i += 1) await cache.get('product', String(i));
  await bed.redis.config('RESETSTAT');
  for (let i = 0; i < 20; i += 1) expect(await cache.getOrSet('product', String(i), () => Promise.resolve('own'))).toBe(i);
  const calls = await commandCalls(bed.redis);
  expect([calls.get('mget'), calls.get('evalsha') ?? 0, calls.get('eval') ?? 0]).toEqual([20, 0, 0]);
});
