import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createOperator } from '../../engine/operator/create-operator.ts';
import type { Operator } from '../../engine/operator/operator.ts';
import { type Redis62, startRedis62 } from '../redis-62.ts';
import { startRedisServer } from '../redis-server.ts';
import { served, soon } from './local-hits.ts';
import { cachesOf, patient } from './open-caches.ts';

const ref = { env: 'test', service: 'shop' };
const policies = { product: { ttl: '10min', staleWindow: '1min', jitter: 0 }, order: { ttl: '10min', codec: 'msgpack' } } as const;
const soft = { mode: 'soft' } as const;

let old: Redis62;
const caches = cachesOf(() => old.server, { ...patient, policies });
beforeAll(async () => {
  old = await startRedis62();
});
beforeEach(() => old.server.client().flushall());
afterEach(() => caches.closeAll());
afterAll(() => old.stop());

const open = (options = {}) => caches.open({ redis: old.url, ...options });

async function openOperator(): Promise<Operator> {
  const operator = createOperator({ redis: old.url, deadlineMs: 2_000 });
  onTestFinished(() => operator.close());
  await operator.ready();
  return operator;
}

async function whileFull(work: () => Promise<void>): Promise<void> {
  const redis = old.server.client();
  await redis.config('SET', 'maxmemory', '1');
  try {
    await work();
  } finally {
    await redis.config('SET', 'maxmemory', '0');
  }
}

describe('Redis 6.2', () => {
  it('is what these tests meet: nothing newer is there, and what a script may not do is refused in the words of then', async () => {
    const redis = new Redis(old.url);
    onTestFinished(() => redis.disconnect());
    await expect(redis.call('EXPIRETIME', 'x')).rejects.toThrow(/^ERR unknown command/);
    await whileFull(async () => {
      const refused = redis.eval("return redis.call('SET', KEYS[1], 'v')", 1, 'x');
      await expect(refused).rejects.toThrow(
        /^ERR Error running script \(call to f_[0-9a-f]{40}\): @user_script:1: @user_script: 1: -OOM command not/,
      );
    });
  });

  it('reads, writes, leases, versions, shared structures and values in the process work there', async () => {
    const traced = await open({ l1: {} });
    const { cache } = traced;
    await cache.set('product', '1', 'v1');
    await served(traced);
    expect(await cache.invalidate('product', '1', soft)).toEqual({ removed: 0, markedStale: 1, leasesRevoked: 0 });
    expect(await cache.invalidate('product', '1')).toEqual({ removed: 1, markedStale: 0, leasesRevoked: 0 });
    await cache.set('product', '1', 'v2');
    await cache.bumpVersion('product');
    expect(await cache.peek('product', '1')).toEqual({ kind: 'miss' });
    await cache.undoBump('product');
    expect(await cache.peek('product', '1')).toMatchObject({ kind: 'fresh', value: 'v2' });
    const many = await cache.getMany('product', ['1', '2'], async (ids) => new Map(ids.map((id) => [id, `loaded ${id}`])));
    expect([...many.values()]).toMatchObject([{ value: 'v2' }, { value: 'loaded 2' }]);
  });

  it('a console reads it, and orders what instances do', async () => {
    const { cache } = await open({ allowFaults: true });
    await cache.set('order', '1', { total: 1 });
    const operator = await openOperator();
    expect(operator.state()).toMatchObject({ state: 'up' });
    const { keys } = await operator.scan(ref, { cursor: '0', rowsMax: 10 });
    expect(keys.map(({ entity, id }) => [entity, id])).toEqual([['order', '1']]);
    expect(await operator.describe(keys.map(({ key }) => key))).toHaveLength(1);
    expect((await operator.find(ref, 'order', '1'))?.content).toMatchObject({ value: { total: 1 } });
    expect(
      await operator.orderFaults(ref, { start: [{ kind: 'forced-miss', id: 'f', endsAt: (await operator.now()) + 60_000 }] }),
    ).toMatchObject({ pending: [] });
    expect(await cache.peek('order', '1')).toEqual({ kind: 'miss' });
    expect(await operator.orderFaults(ref, { stop: 'all' })).toMatchObject({ pending: [] });
    expect(await operator.invalidate(ref, 'order', '1')).toMatchObject({ removed: 1 });
  });

  it('without room a mark becomes a removal, of the cache and of a console, and a write reaches its origin', async () => {
    const { cache } = await open();
    const operator = await openOperator();
    await cache.set('product', '1', 'v');
    await cache.set('product', '2', 'v');
    await cache.set('product', '3', 'v');
    await whileFull(async () => {
      expect(await cache.invalidate('product', '1', soft)).toEqual({ removed: 1, markedStale: 0, leasesRevoked: 0 });
      expect(await operator.invalidate(ref, 'product', '2', soft)).toEqual({ removed: 1, markedStale: 0, leasesRevoked: 0 });
      const written: string[] = [];
      await cache.set('product', '3', async () => {
        written.push('new');
        return 'new';
      });
      expect(written).toEqual(['new']);
    });
    for (const id of ['1', '2', '3']) expect(await cache.peek('product', id)).toEqual({ kind: 'miss' });
  });

  it('what is refused is told by its own word', async () => {
    const { cache } = await open();
    await cache.set('product', '1', 'v');
    await whileFull(async () => {
      await expect(cache.bumpVersion('product')).rejects.toThrow(/\(ReplyError OOM\)$/);
    });
  });

  it('a primary that was demoted is left by the connection that sends scripts alone: loads are stored at the new one', async () => {
    const { cache } = await open();
    await cache.getOrSet('product', '1', async () => 'v');
    const next = await startRedisServer();
    onTestFinished(() => next.stop());
    const promoted = next.client();
    await old.server.client().config('SET', 'repl-diskless-sync-delay', '0');
    await promoted.replicaof('127.0.0.1', old.server.port);
    await vi.waitFor(async () => expect(await promoted.info('replication')).toContain('master_link_status:up'), soon);
    await promoted.replicaof('NO', 'ONE');
    old.moveTo(next);
    await old.server.client().replicaof('127.0.0.1', next.port);
    try {
      await vi.waitFor(async () => {
        await cache.getOrSet('product', '2', async () => 'v');
        expect(await cache.peek('product', '2')).toMatchObject({ kind: 'fresh' });
      }, soon);
    } finally {
      old.moveTo(old.server);
      await old.server.client().replicaof('NO', 'ONE');
    }
  });
});
