import { describe, expect, it, vi } from 'vitest';
import { runScript } from '../../engine/redis/run-pipeline.ts';
import { bumpVersion } from '../../engine/scripts.ts';
import { commandCalls } from './command-calls.ts';
import { holdLinksTo } from './held-links.ts';
import { keySpaceOf } from './key-space.ts';
import { patient } from './open-caches.ts';
import { redisBed } from './redis-bed.ts';

const bed = redisBed(patient);
const { caches } = bed;
const { record, recordKey, keyOf } = keySpaceOf(() => bed.redis);

describe('rule 4: hard invalidation', () => {
  it('covers what an undo could bring back', async () => {
    const { cache } = await caches.open();
    await cache.set('product', '1', 'v1');
    const before = await keyOf('1');
    await cache.bumpVersion('product');
    await cache.set('product', '2', 'other');
    expect(await bed.redis.exists(before)).toBe(1);
    expect(await cache.invalidate('product', '1')).toEqual({ removed: 1, markedStale: 0, leasesRevoked: 0 });
    expect(await bed.redis.exists(before)).toBe(0);
  });

  it('covers a version that the instance has not heard of', async () => {
    const [a, b] = [await caches.open(), await caches.open()];
    await a.cache.get('product', '1');
    const { rev } = await record();
    await runScript(bed.redis, bumpVersion, [recordKey], [rev, '-', rev]);
    await b.cache.set('product', '1', 'v1');
    expect(await bed.redis.exists(await keyOf('1'))).toBe(1);
    expect((await a.cache.invalidate('product', '1')).removed).toBe(1);
    expect(await bed.redis.exists(await keyOf('1'))).toBe(0);
  });

  it('a refusal is an error, never an acknowledgement', async () => {
    const { cache } = await caches.open();
    await cache.set('product', '1', 'v1');
    await bed.redis.config('SET', 'min-replicas-to-write', '1');
    try {
      await expect(cache.invalidate('product', '1')).rejects.toMatchObject({ name: 'InvalidationNotAcknowledged' });
    } finally {
      await bed.redis.config('SET', 'min-replicas-to-write', '0');
    }
  });

  it('a removal that is refused is an error, though the record was read', async () => {
    await caches.open();
    await bed.redis.acl('SETUSER', 'unscripted', 'on', '>pw', '~*', '&*', '+@all', '-eval', '-evalsha');
    const { cache } = await caches.open({ redis: { host: '127.0.0.1', port: bed.server.port, username: 'unscripted', password: 'pw' } });
    await expect(cache.invalidate('product', '1')).rejects.toMatchObject({ name: 'InvalidationNotAcknowledged' });
  });

  it('no answer is an error, and it is done when Redis is back', async () => {
    const { cache, events } = await caches.open();
    await cache.set('product', '1', 'v1');
    bed.server.pause();
    try {
      await expect(cache.invalidate('product', '1')).rejects.toMatchObject({ name: 'InvalidationNotAcknowledged' });
    } finally {
      bed.server.resume();
    }
    await vi.waitFor(() => expect(events).toContainEqual({ type: 'invalidation.replayed', entity: 'product', id: '1' }), 10_000);
  });
});

describe('what Redis did not acknowledge', () => {
  /** Reads as everybody, and may run no script: no invalidation, bump or lease. */
  async function openUnscripted(url = bed.server.url) {
    await bed.redis.acl('SETUSER', 'halfway', 'reset', 'on', '>pw', '~*', '&*', '+@all', '-eval', '-evalsha');
    return caches.open({ redis: { host: '127.0.0.1', port: Number(new URL(url).port), username: 'halfway', password: 'pw' } });
  }
  const allow = () => bed.redis.acl('SETUSER', 'halfway', '+eval', '+evalsha');
  const forbid = () => bed.redis.acl('SETUSER', 'halfway', '-eval', '-evalsha');

  it('a key is invalid to this instance until its invalidation is done', async () => {
    const other = await caches.open();
    await other.cache.set('product', '1', 'old');
    const { cache, events } = await openUnscripted();
    expect(await cache.get('product', '1')).toBe('old');
    await expect(cache.invalidate('product', '1')).rejects.toMatchObject({ name: 'InvalidationNotAcknowledged' });
    expect(await other.cache.get('product', '1')).toBe('old');
    expect(await cache.get('product', '1')).toBeUndefined();
    expect(await cache.getOrSet('product', '1', () => Promise.resolve('new'))).toBe('new');
    await allow();
    await vi.waitFor(() => expect(events).toContainEqual({ type: 'invalidation.replayed', entity: 'product', id: '1' }), 10_000);
    expect(await other.cache.get('product', '1')).toBeUndefined();
  });

  it('and is not acknowledged again while that is under way is done once more: what was done came before it', async () => {
    const links = await holdLinksTo(bed.server.port);
    const other = await caches.open();
    // A script that Redis does not know yet is sent twice.
    await other.cache.invalidate('product', '1');
    const { cache } = await openUnscripted(links.url);
    await expect(cache.invalidate('product', '1')).rejects.toMatchObject({ name: 'InvalidationNotAcknowledged' });
    await bed.redis.config('RESETSTAT');
    const release = links.hold('write', 'toClient');
    await allow();
    await vi.waitFor(async () => expect((await commandCalls(bed.redis)).get('evalsha')).toBe(1), 10_000);
    await other.cache.getOrSet('product', '1', () => Promise.resolve('old'));
    await vi.waitFor(async () => expect(await other.cache.get('product', '1')).toBe('old'));
    await forbid();
    await bed.redis.config('RESETSTAT');
    const refused = expect(cache.invalidate('product', '1')).rejects.toMatchObject({ name: 'InvalidationNotAcknowledged' });
    // The record, behind the removal that is refused.
    await vi.waitFor(async () => expect((await commandCalls(bed.redis)).get('getex')).toBe(1));
    await allow();
    // Both answers come at once.
    release();
    await refused;
    expect(await cache.get('product', '1')).toBeUndefined();
    await vi.waitFor(async () => expect(await other.cache.get('product', '1')).toBeUndefined(), 10_000);
    await links.close();
  });

  it('an undo that is refused is an error, and is not made good by a bump', async () => {
    const other = await caches.open();
    await other.cache.bumpVersion('product');
    await other.cache.set('product', '1', 'v');
    const before = await record();
    const { cache, events } = await openUnscripted();
    await expect(cache.undoBump('product')).rejects.toMatchObject({ name: 'InvalidationNotAcknowledged' });
    expect(await cache.get('product', '1')).toBe('v');
    expect(events.filter((event) => event.type === 'bump.deferred')).toEqual([]);
    expect(await record()).toEqual(before);
  });

  it('so is every key of an entity until its bump is done, once for all of them', async () => {
    const other = await caches.open();
    await other.cache.set('product', '1', 'old');
    const { rev } = await record();
    const { cache, events } = await openUnscripted();
    await expect(cache.invalidate('product', '2')).rejects.toMatchObject({ name: 'InvalidationNotAcknowledged' });
    await expect(cache.bumpVersion('product')).rejects.toMatchObject({ name: 'InvalidationNotAcknowledged' });
    expect(await cache.get('product', '1')).toBeUndefined();
    await allow();
    await vi.waitFor(() => expect(events).toContainEqual({ type: 'bump.replayed', entity: 'product' }), 10_000);
    expect(Number((await record()).rev)).toBeGreaterThan(Number(rev));
    expect(events.filter((event) => event.type === 'invalidation.replayed')).toEqual([]);
    expect(await cache.getOrSet('product', '1', () => Promise.resolve('new'))).toBe('new');
    await vi.waitFor(async () => expect(await cache.get('product', '1')).toBe('new'));
  });
});
