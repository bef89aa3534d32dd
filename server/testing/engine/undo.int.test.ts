import { describe, expect, it, vi } from 'vitest';
import { dataKey, leaseKey, showVersion } from '../../engine/keys.ts';
import { runScript } from '../../engine/redis/run-pipeline.ts';
import { adoptVersion, bumpVersion, undoBump } from '../../engine/scripts.ts';
import { keySpaceOf } from './key-space.ts';
import { countingLoader, deferred, patient } from './open-caches.ts';
import { redisBed } from './redis-bed.ts';

const ref = { env: 'test', service: 'shop' };
const FOREIGN = 'f'.repeat(40);
const bed = redisBed(patient);
const { caches } = bed;
const { record, recordKey, keyOf, leaseOf } = keySpaceOf(() => bed.redis);

const nothingToUndo = { name: 'NothingToUndo' };

describe('rule 7: the undo of a bump', () => {
  it('brings back, for every instance, what the bump put out of reach', async () => {
    const [a, b] = [await caches.open(), await caches.open()];
    await a.cache.set('product', '1', 'v1');
    const before = await record();
    const bumped = await a.cache.bumpVersion('product');
    expect(bumped).toMatchObject({ previous: showVersion(before.ns) });
    expect(await b.cache.get('product', '1')).toBeUndefined();
    const undone = await b.cache.undoBump('product');
    expect(undone).toMatchObject({ version: showVersion(before.ns), previous: null });
    expect(BigInt(undone.rev)).toBeGreaterThan(BigInt(bumped.rev));
    expect(await record()).toMatchObject({ rev: undone.rev, ns: before.ns, prev: null });
    for (const { cache } of [a, b]) expect(await cache.get('product', '1')).toBe('v1');
  });

  it('works once, and only after a bump', async () => {
    const { cache } = await caches.open();
    await expect(cache.undoBump('product')).rejects.toMatchObject(nothingToUndo);
    await cache.bumpVersion('product');
    await cache.undoBump('product');
    const after = await record();
    await expect(cache.undoBump('product')).rejects.toMatchObject(nothingToUndo);
    expect(await record()).toEqual(after);
  });

  it('takes back the last bump alone', async () => {
    const { cache } = await caches.open();
    await cache.set('product', '1', 'v1');
    await cache.bumpVersion('product');
    await cache.set('product', '1', 'v2');
    await cache.bumpVersion('product');
    await cache.undoBump('product');
    expect(await cache.get('product', '1')).toBe('v2');
    await expect(cache.undoBump('product')).rejects.toMatchObject(nothingToUndo);
  });

  it('a bump that was sent again, or comes late, does not empty it', async () => {
    const { cache } = await caches.open();
    await cache.set('product', '1', 'v1');
    const { rev } = await record();
    const late = () => runScript(bed.redis, bumpVersion, [recordKey], [rev, '-', rev]);
    await late();
    const bumped = await record();
    await late();
    expect(await record()).toEqual(bumped);
    await cache.undoBump('product');
    const undone = await record();
    await late();
    expect(await record()).toEqual(undone);
    expect(await cache.get('product', '1')).toBe('v1');
  });

  it('an undo that was sent again, or comes late, takes back no other bump', async () => {
    const { cache } = await caches.open();
    const { rev } = await cache.bumpVersion('product');
    const late = () => runScript(bed.redis, undoBump, [recordKey], [rev, '-', rev]);
    await late();
    const undone = await record();
    await late();
    expect(await record()).toEqual(undone);
    await cache.bumpVersion('product');
    const bumped = await record();
    await late();
    expect(await record()).toEqual(bumped);
  });
});

describe('rule 7: what makes a version anew leaves nothing to undo', () => {
  it('a mint: the record was lost', async () => {
    const { cache } = await caches.open();
    await cache.bumpVersion('product');
    await bed.redis.del(recordKey);
    await cache.get('product', '1');
    expect((await record()).prev).toBeNull();
    await expect(cache.undoBump('product')).rejects.toMatchObject(nothingToUndo);
  });

  it('a raise: the record went back', async () => {
    const { cache, events } = await caches.open();
    await cache.bumpVersion('product');
    const old = (await bed.redis.get(recordKey)) ?? '';
    await cache.bumpVersion('product');
    await bed.redis.set(recordKey, old);
    expect((await record()).prev).not.toBeNull();
    expect(await cache.peek('product', '1')).toEqual({ kind: 'unavailable' });
    await vi.waitFor(() => expect(events.some((event) => event.type === 'version.raised')).toBe(true));
    expect((await record()).prev).toBeNull();
    await expect(cache.undoBump('product')).rejects.toMatchObject(nothingToUndo);
  });

  it('a raise by the undo itself', async () => {
    const { cache } = await caches.open();
    await cache.bumpVersion('product');
    const old = (await bed.redis.get(recordKey)) ?? '';
    const { rev } = await cache.bumpVersion('product');
    await bed.redis.set(recordKey, old);
    await expect(cache.undoBump('product')).rejects.toMatchObject(nothingToUndo);
    const raised = await record();
    expect(raised).toMatchObject({ ns: raised.rev, prev: null });
    expect(BigInt(raised.rev)).toBeGreaterThan(BigInt(rev));
  });

  it('an adoption: what another server calls previous may have missed an invalidation', async () => {
    const { cache } = await caches.open();
    await cache.set('product', '1', 'v1');
    await cache.bumpVersion('product');
    const { rev, ns, prev } = await record();
    await bed.redis.set(recordKey, `${rev} ${ns} ${prev} ${FOREIGN}`);
    await expect(cache.undoBump('product')).rejects.toMatchObject(nothingToUndo);
    const adopted = await record();
    expect(adopted).toMatchObject({ ns: adopted.rev, prev: null });
    expect(adopted.replid).not.toBe(FOREIGN);
    expect(await cache.get('product', '1')).toBeUndefined();
  });

  it('an adoption that comes second changes nothing', async () => {
    await caches.open();
    const { rev, ns } = await record();
    await bed.redis.set(recordKey, `${rev} ${ns} - ${FOREIGN}`);
    const adopt = () => runScript(bed.redis, adoptVersion, [recordKey], [rev, 'a'.repeat(40)]);
    await adopt();
    const adopted = await record();
    expect(adopted).toMatchObject({ ns: adopted.rev, prev: null, replid: 'a'.repeat(40) });
    await adopt();
    expect(await record()).toEqual(adopted);
  });
});

describe('rules 3 and 4 cover the open undo window', () => {
  it('what was invalidated since the bump does not come back with its undo', async () => {
    const [a, b] = [await caches.open(), await caches.open()];
    await a.cache.set('product', '1', 'v1');
    await a.cache.set('product', '2', 'w1');
    await a.cache.bumpVersion('product');
    // It believes in the new version alone, unless it covers what an undo could bring back.
    expect(await b.cache.get('product', '1')).toBeUndefined();
    expect(await b.cache.invalidate('product', '1')).toEqual({ removed: 1, markedStale: 0, leasesRevoked: 0 });
    await a.cache.undoBump('product');
    for (const { cache } of [a, b]) {
      expect(await cache.get('product', '1')).toBeUndefined();
      expect(await cache.get('product', '2')).toBe('w1');
    }
  });

  it('nor does what an instance that had not heard of the bump invalidated', async () => {
    const [a, b] = [await caches.open(), await caches.open()];
    await a.cache.set('product', '1', 'v1');
    const { rev } = await record();
    await runScript(bed.redis, bumpVersion, [recordKey], [rev, '-', rev]);
    await b.cache.invalidate('product', '1');
    await a.cache.undoBump('product');
    expect(await a.cache.get('product', '1')).toBeUndefined();
  });

  it('a load from before the bump that was invalidated since is not stored', async () => {
    const [a, b] = [await caches.open(), await caches.open()];
    const old = deferred<string>();
    const read = a.cache.getOrSet('product', '1', () => old.promise);
    const lease = await leaseOf('1');
    await vi.waitFor(async () => expect(await bed.redis.exists(lease)).toBe(1));
    await b.cache.bumpVersion('product');
    expect(await b.cache.invalidate('product', '1')).toEqual({ removed: 0, markedStale: 0, leasesRevoked: 1 });
    old.resolve('old');
    expect(await read).toBe('old');
    await vi.waitFor(() => expect(a.events).toContainEqual({ type: 'fill', entity: 'product', id: '1', result: 'rejected' }));
    await b.cache.undoBump('product');
    expect(await b.cache.get('product', '1')).toBeUndefined();
  });

  it('what was set since the bump does not give way to the older value', async () => {
    const [a, b] = [await caches.open(), await caches.open()];
    await a.cache.set('product', '1', 'v1');
    await a.cache.bumpVersion('product');
    expect(await b.cache.get('product', '1')).toBeUndefined();
    await b.cache.set('product', '1', 'v2');
    expect(await a.cache.get('product', '1')).toBe('v2');
    await a.cache.undoBump('product');
    for (const { cache } of [a, b]) expect(await cache.get('product', '1')).toBeUndefined();
  });

  it('a write holds its token under both, so that no load can fill either', async () => {
    const { cache } = await caches.open();
    await cache.set('product', '1', 'v1');
    const { ns: before } = await record();
    await cache.bumpVersion('product');
    const { ns: now } = await record();
    const keys = [before, now].map((ns) => dataKey(ref, ns, 'product', '1'));
    const origin = deferred<string>();
    const { load, calls } = countingLoader(() => origin.promise);
    const set = cache.set('product', '1', load);
    await vi.waitFor(() => expect(calls()).toBe(1));
    for (const key of keys) {
      expect(await bed.redis.get(leaseKey(key))).toMatch(/^W/);
      expect(await bed.redis.pttl(leaseKey(key))).toBeGreaterThan(0);
    }
    expect(await bed.redis.exists(...keys)).toBe(0);
    origin.resolve('v2');
    await set;
    expect(await bed.redis.exists(...keys.map(leaseKey))).toBe(0);
    expect(await bed.redis.exists(await keyOf('1'))).toBe(1);
    expect(await bed.redis.exists(...keys)).toBe(1);
  });

  it('an undo while the origin is written leaves no older value in reach', async () => {
    const [a, b] = [await caches.open(), await caches.open()];
    await a.cache.set('product', '1', 'v1');
    await a.cache.bumpVersion('product');
    const origin = deferred<string>();
    const { load, calls } = countingLoader(() => origin.promise);
    const set = a.cache.set('product', '1', load);
    await vi.waitFor(() => expect(calls()).toBe(1));
    await b.cache.undoBump('product');
    const during = deferred<string>();
    const reader = countingLoader(() => during.promise);
    const read = b.cache.getOrSet('product', '1', reader.load);
    await vi.waitFor(() => expect(reader.calls()).toBe(1));
    origin.resolve('v2');
    await set;
    during.resolve('v1');
    expect(await read).toBe('v1');
    for (const { cache } of [a, b]) expect(await cache.get('product', '1')).not.toBe('v1');
  });
});
