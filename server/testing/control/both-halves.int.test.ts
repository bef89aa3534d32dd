import { expect, it, onTestFinished, vi } from 'vitest';
import { type Cache, type CacheEvent, createCache, createOperator, type Operator } from '../../engine/index.ts';
import { startRedisServer } from '../redis-server.ts';

const soon = { timeout: 10_000, interval: 20 };
const ref = { env: 'test', service: 'shop' };

/** Two instances of one service, and an operator that sees both. */
async function fleet(): Promise<{ caches: Cache<'product'>[]; events: CacheEvent[]; operator: Operator }> {
  const server = await startRedisServer();
  onTestFinished(() => server.stop());
  const events: CacheEvent[] = [];
  const caches = await Promise.all(
    [0, 1].map(async () => {
      const cache = createCache({
        ...ref,
        redis: server.url,
        deadlineMs: 500,
        allowFaults: true,
        policies: { product: { ttl: '10min', jitter: 0 } },
      });
      onTestFinished(() => cache.close());
      cache.onEvent((event) => events.push(event));
      await cache.ready();
      return cache;
    }),
  );
  const operator = createOperator({ redis: server.url });
  onTestFinished(() => operator.close());
  await operator.ready();
  return { caches, events, operator };
}

it('an operator sees the fleet, reads and invalidates what it holds, and bumps it away', async () => {
  const { caches, operator } = await fleet();
  const [a, b] = caches;
  expect(await operator.services()).toEqual([ref]);
  const instances = await operator.instances(ref);
  expect(instances.map((instance) => [instance.allowFaults, instance.entities['product']?.values.ttlMs])).toEqual([
    [true, 600_000],
    [true, 600_000],
  ]);
  expect(await a?.getOrSet('product', '42', async () => ({ name: 'lamp' }))).toEqual({ name: 'lamp' });
  const found = await vi.waitFor(async () => {
    const entry = await operator.find(ref, 'product', '42');
    expect(entry?.content).toMatchObject({ kind: 'envelope', value: { name: 'lamp' } });
    return entry;
  }, soon);
  const scanned = await operator.scan(ref, { cursor: '0', rowsMax: 10 });
  expect(scanned.keys).toEqual([{ key: found?.key, entity: 'product', id: '42', version: found?.version }]);
  expect(await operator.invalidate(ref, 'product', '42')).toEqual({ removed: 1, markedStale: 0, leasesRevoked: 0 });
  expect(await b?.get('product', '42')).toBeUndefined();
  expect(await b?.getOrSet('product', '42', async () => ({ name: 'chair' }))).toEqual({ name: 'chair' });
  await vi.waitFor(async () => expect(await a?.get('product', '42')).toEqual({ name: 'chair' }), soon);
  const version = (await operator.versions(ref, ['product'])).get('product');
  const bumped = await operator.bump(ref, 'product', { expectedRev: version?.rev ?? null });
  expect(bumped).toMatchObject({ kind: 'bumped', pending: [], record: { prev: version?.ns } });
  expect(bumped.kind === 'bumped' && bumped.ackedBy.map((ack) => ack.instance).sort()).toEqual(
    instances.map((instance) => instance.id).sort(),
  );
  expect(await a?.get('product', '42')).toBeUndefined();
  const receipt = await b?.bumpVersion('product');
  expect(receipt).toMatchObject({ pending: [] });
  expect(receipt?.ackedBy).toHaveLength(2);
});

it('a published TTL is carried by new entries, and frames tell what was read', async () => {
  const { caches, operator } = await fleet();
  const [a, b] = caches;
  const rev = 5;
  const acks = await operator.publishPolicies(ref, { v: 1, rev, entities: { product: { ttlMs: 5_000, jitter: 0, staleMs: 0 } } });
  expect(acks).toMatchObject({ pending: [] });
  expect(acks.ackedBy).toHaveLength(2);
  await b?.getOrSet('product', '7', async () => 7);
  await vi.waitFor(async () => {
    const entry = await operator.find(ref, 'product', '7');
    expect(entry?.content.kind === 'envelope' && entry.content.freshUntilMs - entry.content.createdMs).toBe(5_000);
  }, soon);
  await a?.getOrSet('product', '7', async () => 8);
  const sum = { hits: 0, misses: 0, originCalls: 0 };
  const latency: string[] = [];
  let after = '0';
  await vi.waitFor(async () => {
    for (const batch of await operator.frames(new Map([[ref, after]]), { count: 100, blockMs: 200 })) {
      after = batch.lastId;
      expect(batch.rejected).toBe(0);
      for (const { entities } of batch.frames) {
        const product = entities['product'];
        sum.hits += product?.hits ?? 0;
        sum.misses += product?.misses ?? 0;
        sum.originCalls += product?.originCalls ?? 0;
        if (product?.readUs !== undefined) latency.push(product.readUs);
      }
    }
    expect(sum).toEqual({ hits: 1, misses: 1, originCalls: 1 });
  }, soon);
  expect(latency.length).toBeGreaterThan(0);
});

it('Redis taken down for two seconds: the origin answers, unavailable is no miss, and it recovers with nobody stopping it', async () => {
  const { caches, events, operator } = await fleet();
  const [a] = caches;
  await a?.getOrSet('product', '1', async () => 'cached');
  await vi.waitFor(async () => expect(await a?.get('product', '1')).toBe('cached'), soon);
  const endsAt = (await operator.now()) + 2_000;
  const order = await operator.orderFaults(ref, { start: [{ kind: 'refuse', id: 'drill', endsAt }] });
  expect(order).toMatchObject({ pending: [] });
  expect(order.ackedBy).toHaveLength(2);
  await operator.close();
  events.length = 0;
  expect(await a?.getOrSet('product', '1', async () => 'from the origin')).toBe('from the origin');
  expect(events.flatMap((event) => (event.type === 'read' ? [event.outcome] : []))).toEqual(['unavailable']);
  await vi.waitFor(async () => expect(await a?.getOrSet('product', '1', async () => 'from the origin')).toBe('cached'), soon);
  expect(events.map((event) => event.type)).toEqual(expect.arrayContaining(['fault.ended', 'redis.available']));
});

it('Redis slowed beyond the deadline: the origin answers until the operator stops it', async () => {
  const { caches, operator } = await fleet();
  const [a] = caches;
  await a?.getOrSet('product', '1', async () => 'cached');
  await vi.waitFor(async () => expect(await a?.get('product', '1')).toBe('cached'), soon);
  await operator.orderFaults(ref, { start: [{ kind: 'latency', id: 'drill', latencyMs: 1_500, endsAt: (await operator.now()) + 60_000 }] });
  expect(await a?.getOrSet('product', '1', async () => 'from the origin')).toBe('from the origin');
  expect((await operator.instances(ref)).map((instance) => instance.faults)).toEqual([['drill'], ['drill']]);
  expect(await operator.orderFaults(ref, { stop: ['drill'] })).toMatchObject({ pending: [] });
  await vi.waitFor(async () => expect(await a?.getOrSet('product', '1', async () => 'from the origin')).toBe('cached'), soon);
});
