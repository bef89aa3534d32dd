import { describe, expect, it, vi } from 'vitest';
import { runScript } from '../../engine/redis/run-pipeline.ts';
import { bumpVersion } from '../../engine/scripts.ts';
import { startRedisServer } from '../redis-server.ts';
import { commandCalls } from './command-calls.ts';
import { holdLinksTo } from './held-links.ts';
import { keySpaceOf } from './key-space.ts';
import { countingLoader, patient } from './open-caches.ts';
import { redisBed } from './redis-bed.ts';

const bed = redisBed(patient);
const { caches } = bed;
const { record, recordKey, keyOf } = keySpaceOf(() => bed.redis);

const outcomes = (events: readonly { type: string; outcome?: string }[]) =>
  events.flatMap((event) => (event.type === 'read' ? [event.outcome] : []));

describe('rule 8: the version record is read with the entry', () => {
  it('in the same round trip: both commands leave before any reply comes', async () => {
    const links = await holdLinksTo(bed.server.port);
    const { cache } = await caches.open({ redis: links.url });
    await cache.set('product', '1', 'v');
    expect(await cache.get('product', '1')).toBe('v');
    links.takeSent('read');
    const release = links.hold('read', 'toClient');
    const read = cache.peek('product', '1');
    await vi.waitFor(() => expect(links.takeSent('read')).toMatch(/MGET.*GETEX.*version:product/is));
    release();
    expect(await read).toMatchObject({ kind: 'fresh' });
    await links.close();
  });

  it('once for each entity, with one MGET for all reads of a turn', async () => {
    const policies = { product: { ttl: '10min' }, order: { ttl: '10min' } };
    const { cache } = await caches.open({ policies });
    for (let n = 0; n < 20; n += 1) for (const entity of ['product', 'order']) await cache.set(entity, String(n), n);
    await bed.redis.config('RESETSTAT');
    const reads = Array.from({ length: 20 }, (_, n) => ['product', 'order'].map((entity) => cache.get(entity, String(n)))).flat();
    expect(await Promise.all(reads)).toEqual(Array.from({ length: 20 }, (_, n) => [n, n]).flat());
    const calls = await commandCalls(bed.redis);
    expect([calls.get('mget'), calls.get('getex')]).toEqual([1, 2]);
  });

  it('while others are with Redis, all that is asked for within a turn waits for its end', async () => {
    const links = await holdLinksTo(bed.server.port);
    const { cache } = await caches.open({ redis: links.url });
    for (const id of ['1', '2', '3']) await cache.set('product', id, id);
    expect(await cache.get('product', '1')).toBe('1');
    links.takeSent('read');
    const release = links.hold('read', 'toClient');
    const reads = [cache.get('product', '1')];
    await vi.waitFor(() => expect(links.takeSent('read')).toMatch(/MGET/i));
    reads.push(cache.get('product', '2'));
    await new Promise((resolve) => process.nextTick(resolve));
    reads.push(cache.get('product', '3'));
    await vi.waitFor(() => expect(links.takeSent('read').match(/MGET/gi)).toHaveLength(1));
    release();
    expect(await Promise.all(reads)).toEqual(['1', '2', '3']);
    await links.close();
  });

  it('a value is used only under the version of its own round trip: a bump that nobody told of is seen', async () => {
    const { cache } = await caches.open();
    await cache.set('product', '1', 'v1');
    const key = await keyOf('1');
    expect(await cache.get('product', '1')).toBe('v1');
    const { rev } = await record();
    await runScript(bed.redis, bumpVersion, [recordKey], [rev, '-', rev]);
    expect(await bed.redis.exists(key)).toBe(1);
    expect(await cache.get('product', '1')).toBeUndefined();
  });

  it('a primary that was demoted (READONLY) is unavailable, never a value', async () => {
    const { cache, events } = await caches.open();
    await cache.set('product', '1', 'v1');
    const { load } = countingLoader(() => Promise.resolve('loaded'));
    await bed.redis.replicaof('127.0.0.1', 1);
    try {
      expect(await bed.redis.exists(await keyOf('1'))).toBe(1);
      expect(await cache.peek('product', '1')).toEqual({ kind: 'unavailable' });
      expect(await cache.get('product', '1')).toBeUndefined();
      expect(await cache.getOrSet('product', '1', load)).toBe('loaded');
      expect(outcomes(events)).toEqual(['unavailable', 'unavailable']);
    } finally {
      await bed.redis.replicaof('NO', 'ONE');
    }
    await vi.waitFor(async () => expect((await cache.peek('product', '1')).kind).not.toBe('unavailable'), 5_000);
  });

  it('a primary that is cut off from its replicas (NOREPLICAS) is unavailable, never a value', async () => {
    const { cache, events } = await caches.open();
    await cache.set('product', '1', 'v1');
    await bed.redis.config('SET', 'min-replicas-to-write', '1');
    try {
      expect(await cache.peek('product', '1')).toEqual({ kind: 'unavailable' });
      expect(await cache.get('product', '1')).toBeUndefined();
      expect(await cache.getOrSet('product', '1', () => Promise.resolve('loaded'))).toBe('loaded');
      expect(outcomes(events)).toEqual(['unavailable', 'unavailable']);
    } finally {
      await bed.redis.config('SET', 'min-replicas-to-write', '0');
    }
    expect(await cache.get('product', '1')).toBe('v1');
  });

  it('an invalidation whose record is refused is not acknowledged, though the removal was done', async () => {
    await bed.redis.acl('SETUSER', 'someone', 'on', '>pw', '~*', '&*', '+@all');
    const { cache } = await caches.open({ redis: { host: '127.0.0.1', port: bed.server.port, username: 'someone', password: 'pw' } });
    await cache.set('product', '1', 'v1');
    const key = await keyOf('1');
    await bed.redis.acl('SETUSER', 'someone', '-getex');
    for (const mode of ['hard', 'soft'] as const) {
      await expect(cache.invalidate('product', '1', { mode })).rejects.toMatchObject({ name: 'InvalidationNotAcknowledged' });
    }
    expect(await bed.redis.exists(key)).toBe(0);
    // Never a silent GET in its place.
    expect(await cache.peek('product', '1')).toEqual({ kind: 'unavailable' });
  });

  it('a server without GETEX is a configuration error at ready, and serves nothing', async () => {
    const old = await startRedisServer({ args: ['--rename-command', 'GETEX', ''] });
    await expect(caches.open({ redis: old.url })).rejects.toMatchObject({
      name: 'ConfigurationError',
      message: expect.stringContaining('lacks a command that the engine needs'),
    });
    await caches.closeAll();
    await old.stop();
  });
});

describe('rule 1: a read joins only a batch that is not yet sent', () => {
  it('one that comes after an acknowledged invalidation does not share the reply that is on its way', async () => {
    const links = await holdLinksTo(bed.server.port);
    const [a, b] = [await caches.open({ redis: links.url }), await caches.open()];
    await b.cache.set('product', '1', 'old');
    expect(await a.cache.get('product', '1')).toBe('old');
    await bed.redis.config('RESETSTAT');
    const release = links.hold('read', 'toClient');
    const before = a.cache.peek('product', '1');
    await vi.waitFor(async () => expect((await commandCalls(bed.redis)).get('mget')).toBe(1));
    await b.cache.invalidate('product', '1');
    const after = a.cache.peek('product', '1');
    await vi.waitFor(async () => expect((await commandCalls(bed.redis)).get('mget')).toBe(2));
    release();
    expect(await before).toMatchObject({ kind: 'fresh', value: 'old' });
    expect(await after).toEqual({ kind: 'miss' });
    await links.close();
  });
});

describe('rule 7: a record is compared with what was known when it was asked for', () => {
  it('a bump that this instance makes while a read is under way neither fails that read nor raises the record', async () => {
    const links = await holdLinksTo(bed.server.port);
    const { cache, events } = await caches.open({ redis: links.url });
    await cache.set('product', '1', 'v');
    await bed.redis.config('RESETSTAT');
    const release = links.hold('read', 'toClient');
    const read = cache.peek('product', '1');
    await vi.waitFor(async () => expect((await commandCalls(bed.redis)).get('mget')).toBe(1));
    const { rev } = await cache.bumpVersion('product');
    release();
    expect(await read).toMatchObject({ kind: 'fresh', value: 'v' });
    expect(await cache.peek('product', '1')).toEqual({ kind: 'miss' });
    expect((await record()).rev).toBe(rev);
    expect(events.filter((event) => event.type === 'version.raised')).toEqual([]);
    await links.close();
  });

  it('nor does the older record, which comes late, make it forget the bump', async () => {
    const links = await holdLinksTo(bed.server.port);
    const { cache } = await caches.open({ redis: links.url });
    await cache.set('product', '1', 'v');
    const before = (await bed.redis.get(recordKey)) ?? '';
    await bed.redis.config('RESETSTAT');
    const release = links.hold('read', 'toClient');
    const read = cache.peek('product', '1');
    await vi.waitFor(async () => expect((await commandCalls(bed.redis)).get('mget')).toBe(1));
    await cache.bumpVersion('product');
    // A server that has lost the bump.
    await bed.redis.set(recordKey, before);
    release();
    expect(await read).toMatchObject({ kind: 'fresh', value: 'v' });
    expect(await cache.peek('product', '1')).toEqual({ kind: 'unavailable' });
    await links.close();
  });

  it('nor does one that is made while a lease is asked for: its load has that lease', async () => {
    const links = await holdLinksTo(bed.server.port);
    const [a, b] = [await caches.open({ redis: links.url }), await caches.open()];
    // A script that Redis does not know yet is sent twice.
    await a.cache.getOrSet('product', 'warm', () => Promise.resolve('v'));
    await vi.waitFor(async () => expect(await a.cache.get('product', 'warm')).toBe('v'));
    await bed.redis.config('RESETSTAT');
    const release = links.hold('lease', 'toClient');
    const answer = countingLoader(() => Promise.resolve('v'));
    const read = a.cache.getOrSet('product', '1', answer.load);
    await vi.waitFor(async () => expect((await commandCalls(bed.redis)).get('getex')).toBe(2));
    const { rev } = await b.cache.bumpVersion('product');
    // It knows of the bump when the older record comes.
    expect(await a.cache.peek('product', '1')).toEqual({ kind: 'miss' });
    release();
    expect(await read).toBe('v');
    expect(a.events).toContainEqual({ type: 'load.started', entity: 'product', id: '1', leased: true, reason: 'miss' });
    expect((await record()).rev).toBe(rev);
    await links.close();
  });
});
