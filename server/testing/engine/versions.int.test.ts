import { describe, expect, it, vi } from 'vitest';
import { leaseKey } from '../../engine/keys.ts';
import { runScript } from '../../engine/redis/run-pipeline.ts';
import { adoptVersion, bumpVersion, invalidateEntry, mintVersion, raiseVersion, undoBump } from '../../engine/scripts.ts';
import { keySpaceOf, token } from './key-space.ts';
import { deferred, patient } from './open-caches.ts';
import { redisBed } from './redis-bed.ts';

const bed = redisBed(patient);
const { caches } = bed;
const { record, recordKey, keyOf } = keySpaceOf(() => bed.redis);

describe('rule 7: versions never repeat', () => {
  it('a record that was lost is minted above all that was seen, and nothing old comes back', async () => {
    const { cache } = await caches.open();
    await cache.set('product', '1', 'v1');
    const [before, old] = [await record(), await bed.redis.getBuffer(await keyOf('1'))];
    const key = await keyOf('1');
    await bed.redis.flushall();
    await bed.redis.set(key, old ?? '', 'PX', 60_000);
    expect(await cache.get('product', '1')).toBeUndefined();
    expect(Number((await record()).rev)).toBeGreaterThan(Number(before.rev));
  });

  it('above the highest that an instance saw, even where the clock of Redis went back', async () => {
    const ahead = '2900000000000000';
    await caches.open();
    await bed.redis.set(recordKey, `${ahead} ${ahead} - ${(await record()).replid}`);
    const { cache } = await caches.open();
    await cache.get('product', '1');
    await bed.redis.del(recordKey);
    await cache.get('product', '1');
    expect((await record()).rev).toBe('2900000000000001');
    const bumped = await cache.bumpVersion('product');
    expect(bumped.rev).toBe('2900000000000002');
    expect(await record()).toMatchObject({ rev: '2900000000000002', ns: '2900000000000002', prev: '2900000000000001' });
  });

  it.each(['bump', 'undo', 'adopt'] as const)(
    'above the record that stands, whatever the clock of Redis says and the caller has seen: %s',
    async (how) => {
      await caches.open();
      const ahead = '2900000000000000';
      await bed.redis.set(recordKey, `${ahead} ${ahead} 2800000000000000 ${'f'.repeat(40)}`);
      const script = { bump: bumpVersion, undo: undoBump, adopt: adoptVersion }[how];
      await runScript(bed.redis, script, [recordKey], ['', 'a'.repeat(40), ahead]);
      expect((await record()).rev).toBe('2900000000000001');
    },
  );

  it('a record below the highest seen is not believed: the read is unavailable, the record is raised', async () => {
    const { cache, events } = await caches.open();
    await cache.set('product', '1', 'v1');
    const old = await bed.redis.get(recordKey);
    const key = await keyOf('1');
    await cache.bumpVersion('product');
    const { rev } = await record();
    await bed.redis.set(recordKey, old ?? '');
    expect(await bed.redis.exists(key)).toBe(1);
    expect(await cache.peek('product', '1')).toEqual({ kind: 'unavailable' });
    await vi.waitFor(() => expect(events.some((event) => event.type === 'version.raised')).toBe(true));
    expect(Number((await record()).rev)).toBeGreaterThan(Number(rev));
    expect(await cache.peek('product', '1')).toEqual({ kind: 'miss' });
  });

  it('a bump that comes late, or twice, changes nothing', async () => {
    await caches.open();
    const { rev } = await record();
    const bump = () => runScript(bed.redis, bumpVersion, [recordKey], ['', '-', rev]);
    await bump();
    const after = await record();
    expect(after.prev).toBe(rev);
    await bump();
    expect(await record()).toEqual(after);
  });

  it('a mint changes no record that stands, a raise none that is high enough', async () => {
    await caches.open();
    const before = await record();
    const keys = [recordKey];
    await runScript(bed.redis, mintVersion, keys, ['9000000000000000', '-']);
    await runScript(bed.redis, raiseVersion, keys, [before.rev, '-']);
    expect(await record()).toEqual(before);
  });

  it('an adoption raises what this server has adopted already, where it is below what was seen', async () => {
    await caches.open();
    const { rev, ns, replid } = await record();
    const seen = String(Number(rev) + 1_000_000_000_000);
    await runScript(bed.redis, adoptVersion, [recordKey], [seen, replid ?? '']);
    const raised = await record();
    expect(raised).toMatchObject({ ns: raised.rev, prev: null, replid });
    expect(Number(raised.rev)).toBeGreaterThan(Number(seen));
    expect(raised.ns).not.toBe(ns);
  });

  it('a bump is seen by the next read of every instance', async () => {
    const [a, b] = [await caches.open(), await caches.open()];
    await a.cache.set('product', '1', 'v1');
    expect(await b.cache.get('product', '1')).toBe('v1');
    const receipt = await a.cache.bumpVersion('product');
    expect(await b.cache.get('product', '1')).toBeUndefined();
    expect(await a.cache.get('product', '1')).toBeUndefined();
    expect(receipt.ackedBy).toHaveLength(2);
    expect(receipt.pending).toEqual([]);
  });

  it('an invalidation by script wakes who waits', async () => {
    await caches.open();
    const key = await keyOf('x');
    const heard = deferred<string>();
    const subscriber = bed.server.client();
    await subscriber.subscribe('inbox:instance-b------');
    subscriber.on('message', (_channel, payload: string) => heard.resolve(payload));
    await bed.redis.set(leaseKey(key), `${token('L', 'a')}instance-b------`, 'PX', 60_000);
    expect(await runScript(bed.redis, invalidateEntry, [key, leaseKey(key)], ['inbox:'])).toEqual([0, 1]);
    expect(await heard.promise).toBe(`w${key}`);
  });
});
