import type { Socket } from 'node:net';
import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { FaultSwitch } from '../../engine/fault/fault-switch.ts';
import { GROWING_WRITES, isRefused, KEYLESS, KEYLESS_LOADING, READS, REMOVING_WRITES } from '../../engine/fault/refused-commands.ts';
import { type ClientRole, resolveConnection } from '../../engine/redis/connection.ts';
import { openClient } from '../../engine/redis/open-client.ts';
import * as scripts from '../../engine/scripts.ts';
import { type FaultOrderInput, faultOrder } from '../../engine/wire/fault-order.ts';
import { authority, forLocalhost } from '../certificates.ts';
import { type RedisServer, startRedisServer } from '../redis-server.ts';
import { startTcpProxy } from '../tcp-proxy.ts';

type Input = FaultOrderInput extends infer One
  ? One extends FaultOrderInput
    ? Omit<One, 'id' | 'endsAt'> & { ms?: number }
    : never
  : never;

const soon = { timeout: 5_000, interval: 10 };
const keys = Array.from({ length: 50 }, (_, index) => `key-${index}`);

describe('faults under a real client', () => {
  let server: RedisServer;
  let outside: Redis;
  let faults: FaultSwitch;
  let client: Redis;
  let rev = 0;

  beforeAll(async () => {
    server = await startRedisServer();
    outside = server.client();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    faults = new FaultSwitch({ allow: true, instance: 'instance' });
    client = open('read');
    await isReady();
    await outside.mset(...keys.flatMap((key) => [key, `value of ${key}`]));
  });
  afterEach(() => {
    faults.close();
    client.disconnect();
  });

  function open(role: ClientRole): Redis {
    const opened = openClient(resolveConnection(server.url), role, { faults, commandTimeoutMs: 1_000, socketTimeoutMs: 400 });
    onTestFinished(() => opened.disconnect());
    return opened;
  }
  const isReady = (one = client): Promise<void> => vi.waitFor(() => expect(one.status).toBe('ready'), soon);
  const order = (...inputs: Input[]): void => {
    rev += 1;
    const orders = inputs.map(({ ms = 60_000, ...input }, index) =>
      faultOrder.parse({ id: `${rev}-${index}`, endsAt: Date.now() + ms, ...input }),
    );
    expect(faults.apply({ rev, faults: orders }, Date.now())).toBe(true);
  };
  /** Every key read at once: what came back that is not that key's own value. */
  const swapped = async (): Promise<string[]> => {
    const values = await Promise.allSettled(keys.map((key) => client.get(key)));
    return values.flatMap((result, index) =>
      result.status === 'fulfilled' && result.value !== `value of ${keys[index]}` ? [`${keys[index]}: ${result.value}`] : [],
    );
  };
  const readsWell = async (): Promise<void> => {
    await vi.waitFor(async () => expect(await client.get('key-1')).toBe('value of key-1'), soon);
    expect(await swapped()).toEqual([]);
  };
  const stream = (): Socket => Reflect.get(client, 'stream');
  const loseConnection = (): void => {
    stream().destroy();
  };
  const isTapped = (): boolean => Object.hasOwn(stream(), 'push') || Object.hasOwn(stream(), 'write');

  it('refuse: commands fail at once, those under way too, and it ends by itself', async () => {
    const errors: string[] = [];
    client.on('error', (error: Error) => errors.push(error.message));
    const underWay = client.get('key-1');
    order({ kind: 'refuse', ms: 600 });
    await expect(underWay).rejects.toThrow();
    await expect(client.get('key-1')).rejects.toThrow("Stream isn't writeable");
    await vi.waitFor(() => expect(errors).toContain('connect ECONNREFUSED (simulated)'), soon);
    expect(faults.active()).toHaveLength(1);
    await isReady();
    expect(faults.active()).toHaveLength(0);
    await readsWell();
  });

  it('roles: the others go on', async () => {
    const lease = open('lease');
    await isReady(lease);
    order({ kind: 'refuse', roles: ['lease'] });
    await vi.waitFor(() => expect(lease.status).not.toBe('ready'), soon);
    await readsWell();
    expect(isTapped()).toBe(false);
  });

  it.each(['from-redis', 'to-redis', 'both'] as const)(
    'a black hole %s: nothing is answered, and a connection that lost bytes is ended with the fault',
    async (direction) => {
      await outside.set('counted', '0');
      const before = stream();
      const { bytesRead } = before;
      order({ kind: 'black-hole', direction });
      const unanswered = client.incr('counted').then(
        () => 'answered',
        () => 'given up',
      );
      if (direction === 'from-redis') await vi.waitFor(() => expect(before.bytesRead).toBeGreaterThan(bytesRead), soon);
      else await new Promise((resolve) => setImmediate(resolve));
      order();
      expect(await unanswered).toBe('given up');
      await readsWell();
      expect(stream()).not.toBe(before);
      // What never came to Redis cannot have been done; what was answered into the hole was.
      expect(await outside.get('counted')).toBe(direction === 'from-redis' ? '1' : '0');
    },
  );

  it('a black hole that swallowed nothing leaves its connection as it was', async () => {
    const before = stream();
    order({ kind: 'black-hole' });
    expect(isTapped()).toBe(true);
    order();
    expect([stream() === before, isTapped()]).toEqual([true, false]);
    await readsWell();
  });

  it('a black hole on connect: the attempt times out as with a host that does not answer, and the next after the end connects', async () => {
    const errors: string[] = [];
    client.on('error', (error: Error) => errors.push(error.message));
    order({ kind: 'black-hole' });
    loseConnection();
    await vi.waitFor(() => expect(errors).toContain('connect ETIMEDOUT'), soon);
    order();
    await isReady();
    await readsWell();
  });

  it('a black hole from Redis: connects, and its handshake is not answered', async () => {
    order({ kind: 'black-hole', direction: 'from-redis' });
    loseConnection();
    await vi.waitFor(() => expect(client.status).toBe('connect'), soon);
    await vi.waitFor(() => expect(client.status).toBe('reconnecting'), soon);
    order();
    await isReady();
  });

  it('latency: replies come late, in order, each to its own command, on a fresh connection too', async () => {
    order({ kind: 'latency', latencyMs: 150, jitterMs: 50 });
    const startedMs = performance.now();
    expect(await swapped()).toEqual([]);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(149);
    client.disconnect(true);
    await vi.waitFor(() => expect(client.status).not.toBe('ready'), { interval: 5 });
    await isReady();
    expect(await swapped()).toEqual([]);
  });

  it('latency, ended while replies and commands wait: nobody ever gets the reply to another command', async () => {
    for (let round = 0; round < 20; round += 1) {
      order({ kind: 'latency', latencyMs: 300, direction: round % 2 === 0 ? 'from-redis' : 'both' });
      const waiting = keys.map((key) => client.get(key));
      // Round by round fewer replies are still under way and more wait at the socket.
      for (let turn = 0; turn < round; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      order();
      expect(await Promise.all(waiting)).toEqual(keys.map((key) => `value of ${key}`));
      expect(await swapped()).toEqual([]);
    }
  });

  it('latency and then refuse while replies wait: they are lost with their connection, none is swapped', async () => {
    order({ kind: 'latency', latencyMs: 300 });
    const waiting = Promise.allSettled(keys.map((key) => client.get(key)));
    order({ kind: 'latency', latencyMs: 300 }, { kind: 'refuse', ms: 100 });
    expect((await waiting).every((result) => result.status === 'rejected')).toBe(true);
    order();
    await readsWell();
  });

  it('bandwidth: a value comes in slices, whole', async () => {
    const value = 'x'.repeat(3_000);
    await outside.set('big', value);
    order({ kind: 'bandwidth', bytesPerSecond: 10_000 });
    const startedMs = performance.now();
    expect(await client.get('big')).toBe(value);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(200);
  });

  it('reset: the connection breaks in the middle of a reply; who waited gets an error, never a part', async () => {
    await outside.set('counted', '0');
    order({ kind: 'reset' });
    await expect(client.incr('counted')).rejects.toThrow();
    await expect(client.get('key-1')).rejects.toThrow();
    order();
    await readsWell();
    expect(await outside.get('counted')).toBe('1');
  });

  it('a share of replies reset: what is answered is right', async () => {
    order({ kind: 'reset', probability: 0.1 });
    const outcomes = { right: 0, failed: 0 };
    for (let round = 0; round < 40 && (outcomes.right < 100 || outcomes.failed < 1); round += 1) {
      await isReady();
      const values = await Promise.allSettled(keys.slice(0, 10).map((key) => client.get(key)));
      values.forEach((result, index) => {
        if (result.status === 'rejected') outcomes.failed += 1;
        else {
          outcomes.right += 1;
          expect(result.value).toBe(`value of ${keys[index]}`);
        }
      });
    }
    expect(outcomes.right).toBeGreaterThan(0);
    order();
    await readsWell();
  });

  it.each([
    ['READONLY', 'set', ['get', 'ping']],
    ['OOM', 'set', ['get', 'ping', 'del']],
    ['LOADING', 'get', ['info']],
    ['CLUSTERDOWN', 'get', ['ping', 'info']],
    ['BUSY', 'ping', []],
  ] as const)('%s: the commands that such a server refuses get its error, and never reach Redis', async (error, refused, answered) => {
    await outside.set('kept', 'before');
    const run = (name: string): Promise<unknown> =>
      client.call(name, ...({ set: ['kept', 'after'], get: ['kept'], del: ['none'] }[name] ?? []));
    order({ kind: 'error-reply', error });
    await expect(run(refused)).rejects.toThrow(new RegExp(`^${error} `));
    // A demoted primary is left, as ever: the others are asked on the next connection.
    for (const name of answered) await vi.waitFor(async () => expect(await run(name)).toBeDefined(), soon);
    expect(await outside.get('kept')).toBe('before');
    order();
    await readsWell();
    await vi.waitFor(() => expect(isTapped()).toBe(false), soon);
  });

  it('error replies begin and end under load: as many replies as commands, each its own, on the same connection', async () => {
    const before = stream();
    for (let round = 0; round < 15; round += 1) {
      const early = keys.map((key) => client.get(key));
      for (let turn = 0; turn < round % 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      order({ kind: 'error-reply', error: 'OOM', probability: 0.5 });
      const mixed = keys.map((key) => Promise.allSettled([client.get(key), client.append(`side-${key}`, 'x'), client.get(key)]));
      for (let turn = 0; turn < round % 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      order();
      const late = keys.map((key) => client.get(key));
      const expected = keys.map((key) => `value of ${key}`);
      expect(await Promise.all(early)).toEqual(expected);
      expect(await Promise.all(late)).toEqual(expected);
      for (const [index, results] of (await Promise.all(mixed)).entries()) {
        const [first, append, second] = results;
        expect([first, second]).toEqual([expected[index], expected[index]].map((value) => ({ status: 'fulfilled', value })));
        expect(append?.status === 'fulfilled' || String(append?.reason)).toEqual(
          append?.status === 'fulfilled' || expect.stringContaining('OOM'),
        );
      }
    }
    expect(stream()).toBe(before);
    await vi.waitFor(() => expect(isTapped()).toBe(false), soon);
  });

  it('a socket without a fault has none of our code on its way', () => {
    expect(isTapped()).toBe(false);
    order({ kind: 'latency', latencyMs: 100 });
    expect(isTapped()).toBe(true);
    order();
    expect(isTapped()).toBe(false);
  });

  it('the commands that are refused are those that Redis refuses, by its own flags', async () => {
    const names = [...READS, ...REMOVING_WRITES, ...GROWING_WRITES, ...KEYLESS, ...KEYLESS_LOADING];
    // CLIENT is a family; its members share their flags here.
    const infos = await outside.call('COMMAND', 'INFO', ...names.map((name) => (name === 'CLIENT' ? 'CLIENT|SETNAME' : name)));
    if (!Array.isArray(infos)) throw new Error('no list');
    names.forEach((name, index) => {
      const [, , flags, firstKey] = infos[index] as [string, number, string[], number];
      const said = (error: 'READONLY' | 'OOM' | 'LOADING' | 'CLUSTERDOWN' | 'BUSY') =>
        isRefused(error, { name, firstArgument: '', bytes: Buffer.alloc(0) });
      expect({
        name,
        READONLY: said('READONLY'),
        OOM: said('OOM'),
        LOADING: said('LOADING'),
        CLUSTERDOWN: said('CLUSTERDOWN'),
        BUSY: said('BUSY'),
      }).toEqual({
        name,
        READONLY: flags.includes('write'),
        OOM: flags.includes('denyoom'),
        LOADING: !flags.includes('loading'),
        CLUSTERDOWN: firstKey > 0,
        BUSY: !flags.includes('allow_busy'),
      });
    });
  });

  it('the scripts that are refused when memory is full are those that Redis refuses then', async () => {
    const full = await startRedisServer({ args: ['--maxmemory', '1', '--maxmemory-policy', 'noeviction'] });
    onTestFinished(() => full.stop());
    const raw = full.client();
    await expect(raw.set('x', 'x')).rejects.toThrow('OOM');
    const all = Object.values(scripts).filter((one): one is scripts.Script => typeof one === 'object' && 'lua' in one);
    expect(all.length).toBeGreaterThan(10);
    for (const script of all) {
      const args = ['', '-', '{"rev":1}', 'x'];
      const error = await raw.call('EVAL', script.lua, 2, 'a', 'b', ...args).then(() => '', String);
      const refused = isRefused('OOM', { name: 'EVAL', firstArgument: script.lua, bytes: Buffer.alloc(0) });
      if (error.includes('OOM')) expect([script.name, refused]).toEqual([script.name, true]);
      if (!refused) expect([script.name, error]).toEqual([script.name, '']);
    }
  });
});

describe('over TLS', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer({ tls: forLocalhost, args: ['--requirepass', 'secret'] });
  });
  afterAll(() => server.stop());

  function open(port: number): { faults: FaultSwitch; client: Redis } {
    const plain = resolveConnection({ host: 'localhost', port, password: 'secret', tls: true });
    const connection = { ...plain, tls: { ...plain.tls, ca: authority } };
    const faults = new FaultSwitch({ allow: true, instance: 'instance' });
    const client = openClient(connection, 'read', { faults, commandTimeoutMs: 5_000, socketTimeoutMs: 5_000 });
    onTestFinished(() => client.disconnect());
    return { faults, client };
  }

  it('late, cut, and answered in its place, as over plain TCP', async () => {
    const { faults, client } = open(server.port);
    await vi.waitFor(() => expect(client.status).toBe('ready'), soon);
    await client.mset('a', '1', 'b', '2');
    const start = (rev: number, input: Input): void => {
      const { ms = 60_000, ...rest } = input;
      faults.apply({ rev, faults: [faultOrder.parse({ id: `${rev}`, endsAt: Date.now() + ms, ...rest })] }, Date.now());
    };
    start(1, { kind: 'latency', latencyMs: 150 });
    const startedMs = performance.now();
    expect(await Promise.all([client.get('a'), client.get('b')])).toEqual(['1', '2']);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(149);
    start(2, { kind: 'error-reply', error: 'OOM' });
    await expect(client.set('a', '3')).rejects.toThrow('OOM');
    expect(await client.get('a')).toBe('1');
    start(3, { kind: 'reset' });
    await expect(client.get('a')).rejects.toThrow();
    start(4, { kind: 'refuse', ms: 300 });
    await expect(client.get('a')).rejects.toThrow();
    await vi.waitFor(async () => expect(await client.get('b')).toBe('2'), soon);
  });

  it('answered in its place on a connection whose handshake is under way when the order comes', async () => {
    const proxy = await startTcpProxy(server.port);
    onTestFinished(() => proxy.close());
    let release = () => {};
    proxy.onLink((link) => {
      release = link.hold('toClient');
    });
    const { faults, client } = open(proxy.port);
    const connections: string[] = [];
    client.on('close', () => connections.push('lost'));
    await vi.waitFor(() => expect(Reflect.get(client, 'stream')).toMatchObject({ connecting: false }), soon);
    await vi.waitFor(() => expect(proxy.links()).toHaveLength(1), soon);
    faults.apply(
      { rev: 1, faults: [faultOrder.parse({ id: '1', kind: 'error-reply', error: 'OOM', endsAt: Date.now() + 60_000 })] },
      Date.now(),
    );
    release();
    await vi.waitFor(() => expect(client.status).toBe('ready'), soon);
    await expect(client.set('c', '3')).rejects.toThrow('OOM');
    expect(await client.get('c')).toBeNull();
    expect(connections).toEqual([]);
  });
});
