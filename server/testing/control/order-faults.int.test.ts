import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Cache, type CacheEvent, createCache, createOperator, type FaultOrderInput, type Operator } from '../../engine/index.ts';
import { faultsKey } from '../../engine/keys.ts';
import { type RedisServer, startRedisServer } from '../redis-server.ts';

const soon = { timeout: 10_000, interval: 20 };
let server: RedisServer;
let operator: Operator;
let services = 0;

beforeAll(async () => {
  server = await startRedisServer();
  operator = createOperator({ redis: server.url });
  await operator.ready();
});
afterAll(async () => {
  await operator.close();
  await server.stop();
});

interface Service {
  ref: { env: string; service: string };
  cache: Cache<'product'>;
  events: CacheEvent[];
  outcomes(): string[];
}

/** One instance of a service of its own, with an entry `1` that holds `cached`. */
async function service(allowFaults = true): Promise<Service> {
  services += 1;
  const ref = { env: 'test', service: `shop-${services}` };
  const cache = createCache({
    ...ref,
    redis: server.url,
    deadlineMs: 500,
    allowFaults,
    policies: { product: { ttl: '10min', jitter: 0 } },
  });
  onTestFinished(() => cache.close());
  const events: CacheEvent[] = [];
  cache.onEvent((event) => events.push(event));
  await cache.ready();
  await cache.getOrSet('product', '1', async () => 'cached');
  await vi.waitFor(async () => expect(await cache.get('product', '1')).toBe('cached'), soon);
  events.length = 0;
  return { ref, cache, events, outcomes: () => events.flatMap((event) => (event.type === 'read' ? [event.outcome] : [])) };
}
const inSeconds = async (seconds: number): Promise<number> => (await operator.now()) + seconds * 1_000;

describe('a fault above the socket', () => {
  it('forced miss: the origin answers though the entry is there, it is a miss, and the entry stays as it was', async () => {
    const { ref, cache, outcomes } = await service();
    await operator.orderFaults(ref, { start: [{ kind: 'forced-miss', id: 'f', endsAt: await inSeconds(60) }] });
    expect(await cache.getOrSet('product', '1', async () => 'from the origin')).toBe('from the origin');
    expect(await cache.get('product', '1')).toBeUndefined();
    expect(outcomes()).toEqual(['miss', 'miss']);
    expect((await operator.find(ref, 'product', '1'))?.content).toMatchObject({ value: 'cached' });
    await operator.orderFaults(ref, { stop: ['f'] });
    expect(await cache.get('product', '1')).toBe('cached');
  });

  it('corrupt payload: never served, always told, whichever bit it is', async () => {
    const { ref, cache, events, outcomes } = await service();
    await operator.orderFaults(ref, { start: [{ kind: 'corrupt-payload', id: 'f', endsAt: await inSeconds(60) }] });
    for (let read = 0; read < 50; read += 1)
      expect(await cache.getOrSet('product', '1', async () => 'from the origin')).toBe('from the origin');
    expect(new Set(outcomes())).toEqual(new Set(['miss']));
    expect(events.filter((event) => event.type === 'entry.rejected')).toHaveLength(50);
    await operator.orderFaults(ref, { stop: ['f'] });
    expect(await cache.get('product', '1')).toBe('cached');
  });

  it('slow and failing origin: loaders alone are struck', async () => {
    const { ref, cache } = await service();
    await operator.orderFaults(ref, { start: [{ kind: 'failing-origin', id: 'f', endsAt: await inSeconds(60) }] });
    expect(await cache.getOrSet('product', '1', async () => 'unused')).toBe('cached');
    await expect(cache.getOrSet('product', '2', async () => 'unused')).rejects.toThrow('the origin fails (simulated)');
    await operator.orderFaults(ref, {
      stop: ['f'],
      start: [{ kind: 'slow-origin', id: 's', latencyMs: 200, endsAt: await inSeconds(60) }],
    });
    const startedMs = performance.now();
    expect(await cache.getOrSet('product', '2', async () => 'late')).toBe('late');
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(199);
  });
});

describe('an error reply', () => {
  it.each(['READONLY', 'LOADING', 'CLUSTERDOWN', 'BUSY'] as const)(
    '%s: reads go to the origin as unavailable, and none is a miss',
    async (error) => {
      const { ref, cache, outcomes } = await service();
      await operator.orderFaults(ref, { start: [{ kind: 'error-reply', error, id: 'f', endsAt: await inSeconds(60) }] });
      for (let read = 0; read < 20; read += 1)
        expect(await cache.getOrSet('product', '1', async () => 'from the origin')).toBe('from the origin');
      expect(new Set(outcomes())).toEqual(new Set(['unavailable']));
      await expect(cache.invalidate('product', '1')).rejects.toThrow('did not acknowledge');
      await operator.orderFaults(ref, { stop: 'all' });
      await vi.waitFor(async () => expect(await cache.invalidate('product', '1')).toBeDefined(), soon);
    },
  );

  it('OOM: what is there is served and can be invalidated; what is loaded cannot be kept', async () => {
    const { ref, cache, outcomes } = await service();
    await operator.orderFaults(ref, { start: [{ kind: 'error-reply', error: 'OOM', id: 'f', endsAt: await inSeconds(60) }] });
    expect(await cache.get('product', '1')).toBe('cached');
    expect(await cache.getOrSet('product', '2', async () => 'loaded')).toBe('loaded');
    expect(await cache.invalidate('product', '1')).toMatchObject({ removed: 1 });
    expect(await operator.find(ref, 'product', '2')).toBeNull();
    expect(outcomes()[0]).toBe('hit');
  });
});

describe('orders', () => {
  it('a hung Redis is ended by Stop at once, though every data connection hangs', async () => {
    const { ref, cache, outcomes } = await service();
    const started = await operator.orderFaults(ref, {
      start: [{ kind: 'black-hole', id: 'f', direction: 'to-redis', endsAt: await inSeconds(60) }],
    });
    expect([started.ackedBy.length, started.pending]).toEqual([1, []]);
    expect(await cache.getOrSet('product', '1', async () => 'from the origin')).toBe('from the origin');
    expect(outcomes()).toEqual(['unavailable']);
    const stopped = await operator.orderFaults(ref, { stop: ['f'] });
    expect([stopped.ackedBy.length, stopped.pending]).toEqual([1, []]);
    await vi.waitFor(async () => expect(await cache.getOrSet('product', '1', async () => 'from the origin')).toBe('cached'), soon);
  });

  it('several run beside each other, and each is stopped by itself', async () => {
    const { ref } = await service();
    const endsAt = await inSeconds(60);
    await operator.orderFaults(ref, { start: [{ kind: 'latency', latencyMs: 1, id: 'a', endsAt }] });
    await operator.orderFaults(ref, { start: [{ kind: 'slow-origin', latencyMs: 1, id: 'b', endsAt }] });
    await operator.orderFaults(ref, { stop: ['a'] });
    expect((await operator.instances(ref)).map(({ faults }) => faults)).toEqual([['b']]);
    await Promise.all(['c', 'd', 'e'].map((id) => operator.orderFaults(ref, { start: [{ kind: 'l1-off', id, endsAt }] })));
    expect((await operator.faults(ref)).map(({ id }) => id).sort()).toEqual(['b', 'c', 'd', 'e']);
  });

  it('nothing but the instance is needed to end one: not the orderer, not Redis', async () => {
    const own = await startRedisServer();
    onTestFinished(() => own.stop());
    const ref = { env: 'test', service: 'alone' };
    const cache = createCache({ ...ref, redis: own.url, allowFaults: true, policies: { product: { ttl: '10min' } } });
    onTestFinished(() => cache.close());
    const events: CacheEvent[] = [];
    cache.onEvent((event) => events.push(event));
    await cache.ready();
    const dying = createOperator({ redis: own.url });
    await dying.ready();
    const { ackedBy } = await dying.orderFaults(ref, { start: [{ kind: 'failing-origin', id: 'f', endsAt: (await dying.now()) + 1_500 }] });
    expect(ackedBy).toHaveLength(1);
    await dying.close();
    await own.kill();
    await expect(cache.getOrSet('product', '1', async () => 'value')).rejects.toThrow('simulated');
    await vi.waitFor(() => expect(events).toContainEqual({ type: 'fault.ended', id: 'f', kind: 'failing-origin' }), soon);
    expect(await cache.getOrSet('product', '1', async () => 'value')).toBe('value');
  });

  it('an instance whose owner allows none refuses each, says so, and is not waited for', async () => {
    const { ref, cache, events } = await service(false);
    const result = await operator.orderFaults(ref, { start: [{ kind: 'failing-origin', id: 'f', endsAt: await inSeconds(60) }] });
    expect([result.ackedBy, result.pending]).toEqual([[], []]);
    await vi.waitFor(() => expect(events).toContainEqual({ type: 'fault.refused', id: 'f', kind: 'failing-origin' }), soon);
    expect(await cache.getOrSet('product', '2', async () => 'value')).toBe('value');
    expect(await operator.instances(ref)).toMatchObject([{ allowFaults: false, faults: [], faultRev: null }]);
  });

  it('one that an instance does not understand is not acknowledged, and hides the end of no other', async () => {
    const { ref, events } = await service();
    const endsAt = await inSeconds(60);
    await operator.orderFaults(ref, { start: [{ kind: 'l1-off', id: 'known', endsAt }] });
    const raw = server.client();
    const later = { kind: 'earthquake', id: 'unknown', endsAt };
    await raw.set(faultsKey(ref), JSON.stringify({ v: 1, rev: (await operator.now()) + 1, faults: [later] }));
    await vi.waitFor(() => expect(events).toContainEqual({ type: 'fault.ended', id: 'known', kind: 'l1-off' }), soon);
    await vi.waitFor(() => expect(events).toContainEqual(expect.objectContaining({ type: 'control.rejected', what: 'faults' })), soon);
    const after = await operator.orderFaults(ref, { start: [{ kind: 'l1-off', id: 'next', endsAt }] });
    expect(after.ackedBy).toHaveLength(1);
  });

  it.each<[string, Record<string, unknown>, (string | number)[]]>([
    ['no end', { endsAt: undefined }, ['start', 0, 'endsAt']],
    ['an end past 15 minutes', { inSeconds: 905 }, ['start', 0, 'endsAt']],
    ['an unknown kind', { kind: 'earthquake' }, ['start', 0, 'kind']],
    ['a probability over 1', { probability: 1.5 }, ['start', 0, 'probability']],
    ['an unknown role', { roles: ['read', 'control'] }, ['start', 0, 'roles', 1]],
    ['an unknown field', { host: 'elsewhere' }, ['start', 0]],
  ])('%s is refused with the path of the field, and nothing is ordered', async (_, { inSeconds: seconds = 60, ...part }, path) => {
    const ref = { env: 'test', service: 'refused' };
    const endsAt = await inSeconds(Number(seconds));
    const order = { kind: 'refuse', id: 'f', endsAt, ...part } as FaultOrderInput;
    await expect(operator.orderFaults(ref, { start: [order] })).rejects.toMatchObject({ name: 'ZodError', issues: [{ path }] });
    expect(await operator.faults(ref)).toEqual([]);
  });

  it('no more than eight run at a time', async () => {
    const ref = { env: 'test', service: 'crowded' };
    const endsAt = await inSeconds(60);
    const orders = (from: number, to: number): FaultOrderInput[] =>
      Array.from({ length: to - from }, (_, index) => ({ kind: 'l1-off', id: `f${from + index}`, endsAt }));
    await operator.orderFaults(ref, { start: orders(0, 6) });
    await expect(operator.orderFaults(ref, { start: orders(6, 9) })).rejects.toMatchObject({ issues: [{ path: ['start'] }] });
    expect(await operator.faults(ref)).toHaveLength(6);
  });
});
