import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { framesKey } from '../../engine/keys.ts';
import { frame } from '../../engine/wire/frame.ts';
import { holdLinksTo } from './held-links.ts';
import { keySpaceOf } from './key-space.ts';
import { countingLoader, patient } from './open-caches.ts';
import { redisBed } from './redis-bed.ts';
import { noteSocketWrites } from './socket-writes.ts';

const bed = redisBed(patient);
const { caches } = bed;
const { keyOf, putEntry } = keySpaceOf(() => bed.redis);

/** Of all frames handed over so far. */
async function corruptCounted(): Promise<number> {
  const items = await bed.redis.xrange(framesKey({ env: 'test', service: 'shop' }), '-', '+');
  const frames = items.map(([, fields]) => frame.parse(JSON.parse(fields[1] ?? '')));
  return frames.reduce((sum, { entities }) => sum + (entities['product']?.corrupt ?? 0), 0);
}

describe('rule 9: an entry that is not as it was filled', () => {
  it('one byte of any entry, flipped anyhow: a miss, counted, removed; never a value, never an exception', async () => {
    const { cache, events } = await caches.open();
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.jsonValue(),
        // Without its bias to the ends, or hardly a byte between the first and the last would be hit.
        fc.noBias(fc.nat()),
        fc.integer({ min: 1, max: 255 }),
        async (value, where, flip) => {
          runs += 1;
          await cache.set('product', '1', value);
          const key = await keyOf('1');
          const bytes = await bed.redis.getBuffer(key);
          const at = where % (bytes?.length ?? 1);
          await bed.redis.setrange(key, at, Buffer.from([(bytes?.[at] ?? 0) ^ flip]));
          expect(await cache.get('product', '1')).toBeUndefined();
          await vi.waitFor(async () => expect(await bed.redis.exists(key)).toBe(0), { interval: 1 });
        },
      ),
      { numRuns: 150 },
    );
    expect(events.filter((event) => event.type === 'entry.rejected')).toHaveLength(runs);
    await cache.close();
    expect(await corruptCounted()).toBe(runs);
  });

  it("another key's bytes, fresh and whole, are never served under this key", async () => {
    const policies = { product: { ttl: '10min' }, order: { ttl: '10min' } };
    const { cache } = await caches.open({ policies });
    const orders = keySpaceOf(() => bed.redis, 'order');
    await cache.set('product', '1', 'of 1');
    await cache.set('product', '2', 'of 2');
    await cache.set('order', '1', 'of order 1');
    for (const other of [await keyOf('2'), await orders.keyOf('1')]) {
      await bed.redis.copy(other, await keyOf('1'), 'REPLACE');
      expect(await cache.peek('product', '1')).toEqual({ kind: 'miss' });
      expect(await bed.redis.exists(other)).toBe(1);
    }
  });

  it('is removed only if it is unchanged', async () => {
    const links = await holdLinksTo(bed.server.port);
    const [a, b] = [await caches.open({ redis: links.url }), await caches.open()];
    await b.cache.set('product', '1', 'v1');
    await bed.redis.set(await keyOf('1'), 'garbage', 'PX', 60_000);
    links.takeSent('lease');
    const release = links.hold('lease', 'toServer');
    expect(await a.cache.get('product', '1')).toBeUndefined();
    // The removal is on its way when somebody fills the key.
    await vi.waitFor(() => expect(links.takeSent('lease')).toContain('garbage'));
    await b.cache.set('product', '1', 'v2');
    await bed.redis.config('RESETSTAT');
    release();
    await vi.waitFor(async () => expect(await bed.redis.info('commandstats')).toMatch(/cmdstat_eval/));
    expect(await b.cache.get('product', '1')).toBe('v2');
    await links.close();
  });

  it('who wants to load it removes it and asks for the lease in one, and is served what was filled meanwhile', async () => {
    const links = await holdLinksTo(bed.server.port);
    const [a, b] = [await caches.open({ redis: links.url }), await caches.open()];
    await b.cache.set('product', '1', 'v1');
    await bed.redis.set(await keyOf('1'), 'garbage', 'PX', 60_000);
    links.takeSent('lease');
    const release = links.hold('lease', 'toServer');
    const origin = countingLoader(() => Promise.resolve('loaded'));
    const read = a.cache.getOrSet('product', '1', origin.load);
    await vi.waitFor(() => expect(links.takeSent('lease')).toContain('garbage'));
    await b.cache.set('product', '1', 'v2');
    release();
    expect(await read).toBe('v2');
    expect(origin.calls()).toBe(0);
    await links.close();
  });

  it('many that are read at once are sent back one by one: each may be as large as an entry', async () => {
    const { cache } = await caches.open();
    const ids = ['1', '2', '3'];
    for (const id of ids) await bed.redis.set(await keyOf(id), `garbage ${id}`, 'PX', 60_000);
    const { texts } = noteSocketWrites();
    await cache.getMany('product', ids, async (wanted) => new Map(wanted.map((id) => [id, `loaded ${id}`])));
    const carried = texts().map((text) => ids.filter((id) => text.includes(`garbage ${id}`)));
    expect(carried.filter((some) => some.length > 0)).toEqual([['1'], ['2'], ['3']]);
    await vi.waitFor(async () =>
      expect(await Promise.all(ids.map((id) => cache.get('product', id)))).toEqual(ids.map((id) => `loaded ${id}`)),
    );
  });

  it.each([
    ['garbage', 1],
    ['the bytes of another key', 1],
    ['an entry past its time', 0],
  ])('what comes to stand there while its lease is asked for: %s is not served, and makes way for a load', async (what, rejected) => {
    const links = await holdLinksTo(bed.server.port);
    const policies = { product: { ttl: '10min', staleIfError: '10min' } } as const;
    const { cache, events } = await caches.open({ redis: links.url, policies });
    await cache.set('product', 'other', 'of another');
    links.takeSent('lease');
    const release = links.hold('lease', 'toServer');
    const origin = countingLoader(() => Promise.resolve('loaded'));
    const read = cache.getOrSet('product', '1', origin.load);
    const key = await keyOf('1');
    await vi.waitFor(() => expect(links.takeSent('lease')).toContain(key));
    if (what === 'garbage') await bed.redis.set(key, what, 'PX', 60_000);
    else if (rejected > 0) await bed.redis.copy(await keyOf('other'), key);
    else await putEntry('1', 'old', { createdMs: -60_000, freshMs: -30_000, expiresMs: -1_000, keptMs: 60_000 });
    release();
    expect(await read).toBe('loaded');
    expect(origin.calls()).toBe(1);
    await vi.waitFor(async () => expect(await cache.get('product', '1')).toBe('loaded'));
    expect(events.filter((event) => event.type === 'entry.rejected')).toHaveLength(rejected);
    await cache.close();
    expect(await corruptCounted()).toBe(rejected);
    await links.close();
  });
});
