import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../engine/clock.ts';
import { controlChannel, faultsKey, framesKey, instancesKey, policiesKey } from '../../engine/keys.ts';
import { createOperator } from '../../engine/operator/create-operator.ts';
import type { KeySpaceRef, Operator } from '../../engine/operator/operator.ts';
import { faultOrder } from '../../engine/wire/fault-order.ts';
import { type RedisServer, startRedisServer } from '../redis-server.ts';
import { type FakeInstance, startInstance } from './fake-host.ts';

const soon = { timeout: 8_000, interval: 20 };
let serial = 0;

describe('the control link, with an operator on the other side', () => {
  let server: RedisServer;
  let raw: Redis;
  let operator: Operator;
  let ref: KeySpaceRef;

  beforeAll(async () => {
    server = await startRedisServer();
    raw = server.client();
    operator = createOperator({ redis: server.url });
    await operator.ready();
  });
  afterAll(async () => {
    await operator.close();
    await server.stop();
  });
  beforeEach(() => {
    serial += 1;
    ref = { env: 'test', service: `shop-${serial}` };
  });

  const instance = async (name: string, allowFaults = true): Promise<FakeInstance> => {
    const started = await startInstance(server.url, ref, name.padEnd(16, '0'), allowFaults);
    onTestFinished(() => started.close());
    return started;
  };
  /** Its inbox and the control channel are subscribed: from here on it hears. */
  const hears = async (...instances: FakeInstance[]): Promise<void> => {
    await vi.waitFor(async () => {
      const reply = await raw.pubsub('NUMSUB', controlChannel(ref));
      expect(reply[1]).toBe(instances.length);
    }, soon);
  };

  it('registers, beats, and leaves', async () => {
    const hourOff = { ...systemClock, nowMs: () => Date.now() + 3_600_000 };
    const one = await startInstance(server.url, ref, 'a'.repeat(16), true, hourOff);
    expect(await operator.services()).toContainEqual(ref);
    const [first] = await operator.instances(ref);
    expect(first).toMatchObject({ id: one.id, pid: process.pid, allowFaults: true, policyRev: null, faults: [] });
    await vi.waitFor(async () => {
      const [later] = await operator.instances(ref);
      expect(later?.lastSeenAt).toBeGreaterThan(first?.lastSeenAt ?? 0);
    }, soon);
    // By Redis' clock, whatever its own says.
    expect(Math.abs(one.link.redisNow() - (await operator.now()))).toBeLessThan(60_000);
    await one.close();
    expect(await operator.instances(ref)).toEqual([]);
  });

  it('tells the operator who applied a policy, and answers for a later revision too', async () => {
    const [a, b] = [await instance('a'), await instance('b')];
    await hears(a, b);
    const document = { v: 1 as const, rev: 3, entities: { product: { ttlMs: 5_000, jitter: 0.1, staleMs: 0 } } };
    const result = await operator.publishPolicies(ref, document);
    expect(result.ackedBy.map((ack) => ack.instance).sort()).toEqual([a.id, b.id]);
    expect(result.pending).toEqual([]);
    expect(a.policies).toEqual([document]);
    expect(await operator.policies(ref)).toEqual(document);
    const older = await operator.publishPolicies(ref, { ...document, rev: 2 });
    expect(older.pending).toEqual([]);
    expect(await operator.policies(ref)).toEqual(document);
    await raw.del(policiesKey(ref));
    await raw.set(policiesKey(ref), JSON.stringify({ ...document, rev: 1 }));
    await vi.waitFor(async () => expect((await operator.instances(ref)).every((record) => record.policyRev === 3)).toBe(true), soon);
    expect(a.policies).toEqual([document]);
  });

  it('obeys orders at once; who does not allow them is not waited for; they end by themselves with the orderer dead', async () => {
    const [a, b] = [await instance('a'), await instance('b', false)];
    await hears(a, b);
    const dying = createOperator({ redis: server.url });
    await dying.ready();
    const order = faultOrder.parse({ kind: 'latency', id: 'x1', latencyMs: 1, endsAt: (await operator.now()) + 1_500 });
    const result = await dying.orderFaults(ref, { start: [order] });
    expect(result.ackedBy.map((ack) => ack.instance)).toEqual([a.id]);
    expect(result.pending).toEqual([]);
    await dying.close();
    expect(a.faults.active()).toEqual([order]);
    expect(b.faults.active()).toEqual([]);
    expect(await operator.faults(ref)).toEqual([order]);
    await vi.waitFor(() => expect(a.faults.active()).toEqual([]), soon);
    await vi.waitFor(async () => expect(await operator.faults(ref)).toEqual([]), soon);
    await vi.waitFor(async () => expect((await operator.instances(ref)).map((record) => record.faults)).toEqual([[], []]), soon);
    expect(a.events.map((event) => event.type)).toEqual(['fault.started', 'fault.ended']);
  });

  it('stops on command, also after Redis has lost the document', async () => {
    const a = await instance('a');
    await hears(a);
    const first = await operator.orderFaults(ref, {
      start: [{ kind: 'latency', id: 'x2', latencyMs: 1, endsAt: (await operator.now()) + 60_000 }],
    });
    expect(a.faults.active()).toHaveLength(1);
    await raw.del(faultsKey(ref));
    const second = await operator.orderFaults(ref, { stop: 'all' });
    expect(second.rev).toBeGreaterThan(first.rev);
    expect(second.ackedBy.map((ack) => ack.instance)).toEqual([a.id]);
    expect(a.faults.active()).toEqual([]);
  });

  it('hears the end of a fault that took Redis away from it', async () => {
    const a = await instance('a');
    await hears(a);
    await operator.orderFaults(ref, { start: [{ kind: 'refuse', id: 'x3', endsAt: (await operator.now()) + 60_000 }] });
    expect(a.faults.active()).toHaveLength(1);
    expect((await operator.orderFaults(ref, { stop: 'all' })).pending).toEqual([]);
    expect(a.faults.active()).toEqual([]);
  });

  it('announces a bump of its own and collects the others and itself', async () => {
    const [a, b] = [await instance('a'), await instance('b')];
    await hears(a, b);
    const result = await a.link.announce({ t: 'bump', entity: 'product', rev: '17' });
    expect(result.ackedBy.map((ack) => ack.instance).sort()).toEqual([a.id, b.id]);
    expect(result.pending).toEqual([]);
    expect([a.versions, b.versions]).toEqual([['product 17'], ['product 17']]);
  });

  it('names an instance that does not answer, and forgets it when asked', async () => {
    const a = await instance('a');
    await hears(a);
    const [record] = await operator.instances(ref);
    const silent = { ...record, id: 'silent0000000000', lastSeenAt: (await operator.now()) + 60_000 };
    await raw.hset(instancesKey(ref), silent.id, JSON.stringify(silent), 'rubbish', '{');
    const result = await operator.bump(ref, 'product', { expectedRev: null });
    expect(result).toMatchObject({ kind: 'bumped', pending: [silent.id] });
    expect(await operator.forgetInstances(ref, silent.lastSeenAt + 1)).toBeGreaterThanOrEqual(2);
    expect(await raw.hexists(instancesKey(ref), silent.id)).toBe(0);
  });

  it('takes rubbish for an event, and keeps what it had', async () => {
    const a = await instance('a');
    await hears(a);
    await raw.set(policiesKey(ref), 'not json');
    await raw.set(faultsKey(ref), '{"v":1,"rev":"x"}');
    await raw.publish(controlChannel(ref), '\u0000{}');
    await vi.waitFor(() => {
      const what = a.events.flatMap((event) => (event.type === 'control.rejected' ? [event.what] : []));
      expect(new Set(what)).toEqual(new Set(['policies', 'faults', 'message']));
    }, soon);
    expect(a.policies).toEqual([]);
    expect(await operator.policies(ref)).toBeNull();
    const after = await operator.publishPolicies(ref, { v: 1, rev: 1, entities: {} });
    expect(after.ackedBy).toHaveLength(1);
  });

  it('hands over a frame a second; the operator reads each once, by service', async () => {
    const a = await instance('a');
    await vi.waitFor(async () => expect(await raw.xlen(framesKey(ref))).toBeGreaterThanOrEqual(2), soon);
    await raw.xadd(framesKey(ref), '*', 'f', 'rubbish');
    const [again] = await raw.xrange(framesKey(ref), '-', '+', 'COUNT', 1);
    await raw.xadd(framesKey(ref), '*', ...(again?.[1] ?? []));
    let after = '0';
    let rejected = 0;
    const times: number[] = [];
    await vi.waitFor(async () => {
      for (const batch of await operator.frames(new Map([[ref, after]]), { count: 3, blockMs: 100 })) {
        expect(batch.ref).toBe(ref);
        after = batch.lastId;
        rejected += batch.rejected;
        times.push(...batch.frames.map((frame) => frame.at));
      }
      expect(times.length).toBeGreaterThanOrEqual(3);
    }, soon);
    expect(rejected).toBe(1);
    expect(new Set(times).size).toBe(times.length);
    expect(a.frameTimes).toEqual(expect.arrayContaining(times));
  });
});

it('keeps its frames while Redis is away, and sends them later with their own times', async () => {
  const server = await startRedisServer();
  onTestFinished(() => server.stop());
  await server.kill();
  const ref = { env: 'test', service: 'outage' };
  const one = await startInstance(server.url, ref, 'c'.repeat(16));
  onTestFinished(() => one.close());
  await vi.waitFor(() => expect(one.frameTimes.length).toBeGreaterThanOrEqual(2), soon);
  await server.restart();
  const operator = createOperator({ redis: server.url });
  onTestFinished(() => operator.close());
  await vi.waitFor(async () => {
    expect((await operator.instances(ref)).map((record) => record.id)).toEqual([one.id]);
    const [batch] = await operator.frames(new Map([[ref, '0']]), { count: 100, blockMs: 0 });
    expect(batch?.frames.map((frame) => frame.at)).toEqual(expect.arrayContaining(one.frameTimes.slice(0, 2)));
  }, soon);
});
