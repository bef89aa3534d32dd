import { once } from 'node:events';
import { connect } from 'node:net';
import { createServer } from 'node:tls';
import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { FaultSwitch } from '../../engine/fault/fault-switch.ts';
import { resolveConnection } from '../../engine/redis/connection.ts';
import { openClient } from '../../engine/redis/open-client.ts';
import type { FaultOrder } from '../../engine/wire/fault-order.ts';
import { type RedisServer, startRedisServer } from '../redis-server.ts';
import { selfSigned } from './self-signed.ts';

describe('faults under a real client', () => {
  let server: RedisServer;
  let faults: FaultSwitch;
  let client: Redis;
  let rev = 0;

  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    faults = new FaultSwitch({ allow: true });
    client = openClient(resolveConnection(server.url), 'read', { faults, commandTimeoutMs: 5_000, socketTimeoutMs: 5_000 });
    await isReady();
    await Promise.all(keys.map((key) => client.set(key, `value of ${key}`)));
  });
  afterEach(() => {
    faults.close();
    client.disconnect();
  });

  const keys = Array.from({ length: 50 }, (_, index) => `key-${index}`);
  const isReady = (): Promise<void> => vi.waitFor(() => expect(client.status).toBe('ready'), { timeout: 5_000, interval: 10 });
  const order = (...orders: FaultOrder[]): boolean => faults.apply({ v: 1, rev: ++rev, faults: orders }, Date.now());
  const down = (ms: number): FaultOrder => ({ kind: 'down', id: `down-${rev}`, endsAt: Date.now() + ms });
  const slow = (latencyMs: number, ms: number): FaultOrder => ({ kind: 'slow', id: `slow-${rev}`, latencyMs, endsAt: Date.now() + ms });
  /** Every key read at once: what came back that is not that key's own value. */
  const swapped = async (): Promise<string[]> => {
    const values = await Promise.allSettled(keys.map((key) => client.get(key)));
    return values.flatMap((result, index) =>
      result.status === 'fulfilled' && result.value !== `value of ${keys[index]}` ? [`${keys[index]}: ${result.value}`] : [],
    );
  };

  it('down: commands fail at once, those under way too, and it ends by itself', async () => {
    const errors: string[] = [];
    client.on('error', (error: Error) => errors.push(error.message));
    const underWay = client.get('key-1');
    order(down(600));
    await expect(underWay).rejects.toThrow();
    await expect(client.get('key-1')).rejects.toThrow("Stream isn't writeable");
    await vi.waitFor(() => expect(errors).toContain('connect ECONNREFUSED (simulated)'), { interval: 10 });
    expect(faults.active()).toHaveLength(1);
    await isReady();
    expect(faults.active()).toHaveLength(0);
    expect(await swapped()).toEqual([]);
  });

  it('slow: replies come late, in order, each to its own command, on a fresh connection too', async () => {
    order(slow(150, 60_000));
    const startedMs = performance.now();
    expect(await swapped()).toEqual([]);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(149);
    client.disconnect(true);
    await vi.waitFor(() => expect(client.status).not.toBe('ready'), { interval: 5 });
    await isReady();
    expect(await swapped()).toEqual([]);
  });

  it('slow, ended while replies wait: nobody ever gets the reply to another command', async () => {
    for (let round = 0; round < 20; round += 1) {
      order(slow(2_000, 60_000));
      const waiting = keys.map((key) => client.get(key));
      // Round by round fewer replies are still under way and more wait at the socket.
      for (let turn = 0; turn < round; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      order();
      const values = await Promise.all(waiting);
      expect(values).toEqual(keys.map((key) => `value of ${key}`));
      expect(await swapped()).toEqual([]);
    }
  });

  it('slow and then down while replies wait: they are lost with their connection, none is swapped', async () => {
    order(slow(300, 60_000));
    const waiting = Promise.allSettled(keys.map((key) => client.get(key)));
    order(slow(300, 60_000), down(100));
    expect((await waiting).every((result) => result.status === 'rejected')).toBe(true);
    await isReady();
    expect(await swapped()).toEqual([]);
  });

  it('a socket without a fault has none of our code on its way', () => {
    const stream: object = Reflect.get(client, 'stream');
    expect(Object.hasOwn(stream, 'push')).toBe(false);
    order(slow(100, 60_000));
    expect(Object.hasOwn(stream, 'push')).toBe(true);
    order();
    expect(Object.hasOwn(stream, 'push')).toBe(false);
  });
});

it('TLS: slow and down as over plain TCP', async () => {
  const redis = await startRedisServer();
  onTestFinished(() => redis.stop());
  const front = createServer(selfSigned, (near) => {
    const far = connect(redis.port, '127.0.0.1');
    for (const socket of [near, far]) socket.on('error', () => socket.destroy());
    near.pipe(far).pipe(near);
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  onTestFinished(() => void front.close());
  const address = front.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const faults = new FaultSwitch({ allow: true });
  const plain = resolveConnection({ host: 'localhost', port: address.port, tls: true });
  const connection = { ...plain, tls: { ...plain.tls, ca: selfSigned.cert } };
  const client = openClient(connection, 'read', { faults, commandTimeoutMs: 5_000, socketTimeoutMs: 5_000 });
  onTestFinished(() => client.disconnect());
  const isReady = (): Promise<void> => vi.waitFor(() => expect(client.status).toBe('ready'), { timeout: 5_000, interval: 10 });
  await isReady();
  await client.mset('a', '1', 'b', '2');
  faults.apply({ v: 1, rev: 1, faults: [{ kind: 'slow', id: 's', latencyMs: 150, endsAt: Date.now() + 60_000 }] }, Date.now());
  const startedMs = performance.now();
  expect(await Promise.all([client.get('a'), client.get('b')])).toEqual(['1', '2']);
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(149);
  faults.apply({ v: 1, rev: 2, faults: [{ kind: 'down', id: 'd', endsAt: Date.now() + 300 }] }, Date.now());
  await expect(client.get('a')).rejects.toThrow();
  await vi.waitFor(async () => expect(await client.get('b')).toBe('2'), { timeout: 5_000, interval: 10 });
});
