import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { EntryCodec } from '../../engine/codec/entry-codec.ts';
import { sealEnvelope } from '../../engine/envelope.ts';
import { OperatorUnavailable } from '../../engine/errors.ts';
import { dataKey, leaseKey } from '../../engine/keys.ts';
import { createOperator } from '../../engine/operator/create-operator.ts';
import type { KeySpaceRef, Operator, OperatorState, ScannedKey, ScanResult } from '../../engine/operator/operator.ts';
import { type RedisServer, startRedisServer } from '../redis-server.ts';

const json = new EntryCodec({ codec: 'json', compress: false, bytesMax: 16 << 20, schema: null, schemaId: null, migrate: null });
const soon = { timeout: 8_000, interval: 20 };
const hostile = [':', '{', '}', '*', '[', '\\', '\u0000', '🧺', 'a:b{c}*?[d]\\e\u0000🧺%', '\ud83d', ' ', '\r\n', '__proto__', '-^'];

describe('an operator of a real Redis', () => {
  let server: RedisServer;
  let raw: Redis;
  let operator: Operator;

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

  const entry = async (ref: KeySpaceRef, ns: string, entity: string, id: string, value: unknown = { id }): Promise<string> => {
    const key = dataKey(ref, ns, entity, id);
    const now = Date.now();
    const times = { createdMs: now, freshUntilMs: now + 30_000, expiresMs: now + 60_000, loadCostMs: 3 };
    await raw.set(key, sealEnvelope(key, json.encode(value), times), 'PX', 60_000);
    return key;
  };
  /** Walks to the end, a step at a time. */
  const walk = async (ref: KeySpaceRef, filter: { entity?: string; idPrefix?: string } = {}, rowsMax = 500): Promise<ScanResult[]> => {
    const steps: ScanResult[] = [];
    let cursor = '0';
    do {
      const step = await operator.scan(ref, { cursor, rowsMax, ...filter });
      steps.push(step);
      cursor = step.cursor;
    } while (cursor !== '0');
    return steps;
  };
  const rows = (steps: ScanResult[]): ScannedKey[] => steps.flatMap((step) => step.keys);

  it('is up, and says what it is connected to', async () => {
    expect(operator.state()).toMatchObject({ state: 'up', version: expect.stringMatching(/^\d+\.\d+/) });
    const stats = await operator.redisStats();
    expect(stats).toMatchObject({ address: `127.0.0.1:${server.port}`, maxMemoryPolicy: 'noeviction', evictedKeys: 0 });
    expect(stats.usedMemoryBytes).toBeGreaterThan(0);
    expect(Math.abs(stats.atMs - (await operator.now()))).toBeLessThan(1_000);
  });

  it('bumps a version that stands, and shows a conflict where another stands', async () => {
    const ref = { env: 'test', service: 'bump' };
    expect(await operator.versions(ref, ['product'])).toEqual(new Map([['product', null]]));
    const first = await operator.bump(ref, 'product', { expectedRev: null });
    if (first.kind !== 'bumped') throw new Error('not bumped');
    expect(first).toMatchObject({ record: { prev: null }, ackedBy: [], pending: [] });
    const second = await operator.bump(ref, 'product', { expectedRev: first.record.rev });
    if (second.kind !== 'bumped') throw new Error('not bumped');
    expect(second.record.prev).toBe(first.record.ns);
    expect(BigInt(second.record.rev)).toBeGreaterThan(BigInt(first.record.rev));
    expect(await operator.bump(ref, 'product', { expectedRev: first.record.rev })).toEqual({ kind: 'conflict', record: second.record });
    expect(await operator.bump(ref, 'product', { expectedRev: null })).toEqual({ kind: 'conflict', record: second.record });
    expect(await operator.bump(ref, 'cart', { expectedRev: '5' })).toEqual({ kind: 'conflict', record: null });
    expect((await operator.versions(ref, ['cart', 'product'])).get('product')).toEqual(second.record);
  });

  it('finds, inspects and invalidates an entry under the version that stands and the one an undo would bring back', async () => {
    const ref = { env: 'test', service: 'entry' };
    await operator.bump(ref, 'product', { expectedRev: null });
    const [before] = (await operator.versions(ref, ['product'])).values();
    await entry(ref, before?.ns ?? '', 'product', '42');
    const bumped = await operator.bump(ref, 'product', { expectedRev: before?.rev ?? null });
    if (bumped.kind !== 'bumped') throw new Error('not bumped');
    expect(await operator.find(ref, 'product', '42')).toBeNull();
    const key = await entry(ref, bumped.record.ns, 'product', '42', { name: 'lamp' });
    await raw.set(leaseKey(dataKey(ref, bumped.record.ns, 'product', '42')), `L${'a'.repeat(23)}${'b'.repeat(32)}`, 'PX', 5_000);
    const found = await operator.find(ref, 'product', '42');
    expect(found).toMatchObject({
      ref,
      entity: 'product',
      id: '42',
      version: bumped.record.ns,
      content: { kind: 'envelope', codec: 'json', loadCostMs: 3, flags: [], value: { name: 'lamp' } },
      lease: { kind: 'load', waiters: 2 },
    });
    expect(found?.memoryBytes).toBeGreaterThan(found?.sizeBytes ?? 0);
    expect(found?.ttlMs).toBeGreaterThan(50_000);
    expect(await operator.inspect(Buffer.from(key))).toMatchObject({ content: found?.content });
    expect(await operator.invalidate(ref, 'product', '42')).toEqual({ removed: 2, markedStale: 0, leasesRevoked: 1 });
    expect(await operator.inspect(Buffer.from(key))).toBeNull();
    expect(await operator.invalidate(ref, 'product', '42')).toEqual({ removed: 0, markedStale: 0, leasesRevoked: 0 });
  });

  it('finds and invalidates the entry of a long id by what its key holds of it', async () => {
    const ref = { env: 'test', service: 'long-ids' };
    const bumped = await operator.bump(ref, 'product', { expectedRev: null });
    if (bumped.kind !== 'bumped') throw new Error('not bumped');
    const id = `order-${'x'.repeat(1_000)}`;
    const key = await entry(ref, bumped.record.ns, 'product', id);
    expect(await operator.find(ref, 'product', id)).toMatchObject({ id, idHashed: false });
    const seen = await operator.inspect(Buffer.from(key));
    expect(seen).toMatchObject({ idHashed: true });
    expect(await operator.find(ref, 'product', seen?.id ?? '')).toBeNull();
    expect(await operator.find(ref, 'product', seen?.id ?? '', { idHashed: true })).toMatchObject({ key: Buffer.from(key), id: seen?.id });
    expect(await operator.invalidate(ref, 'product', seen?.id ?? '')).toMatchObject({ removed: 0 });
    expect(await operator.invalidate(ref, 'product', seen?.id ?? '', { idHashed: true })).toMatchObject({ removed: 1 });
    expect(await operator.inspect(Buffer.from(key))).toBeNull();
  });

  it('marks an entry stale where it is asked to, under both versions too, and makes none', async () => {
    const ref = { env: 'test', service: 'soft' };
    const first = await operator.bump(ref, 'product', { expectedRev: null });
    if (first.kind !== 'bumped') throw new Error('not bumped');
    const key = await entry(ref, first.record.ns, 'product', '42', { name: 'lamp' });
    await raw.set(leaseKey(dataKey(ref, first.record.ns, 'product', '42')), `L${'a'.repeat(23)}`, 'PX', 5_000);
    const second = await operator.bump(ref, 'product', { expectedRev: first.record.rev });
    if (second.kind !== 'bumped') throw new Error('not bumped');
    await entry(ref, second.record.ns, 'product', '42', { name: 'lamp' });
    const soft = () => operator.invalidate(ref, 'product', '42', { mode: 'soft' });
    expect(await soft()).toEqual({ removed: 0, markedStale: 2, leasesRevoked: 1 });
    for (const found of [await operator.find(ref, 'product', '42'), await operator.inspect(Buffer.from(key))]) {
      expect(found).toMatchObject({ lease: null, content: { kind: 'envelope', flags: ['stale'], value: { name: 'lamp' } } });
    }
    await operator.invalidate(ref, 'product', '42');
    expect(await soft()).toEqual({ removed: 0, markedStale: 0, leasesRevoked: 0 });
    expect(await operator.find(ref, 'product', '42')).toBeNull();
  });

  it('removes what it was to mark where Redis has no room for the mark, and says so', async () => {
    const ref = { env: 'test', service: 'no-room' };
    const bumped = await operator.bump(ref, 'product', { expectedRev: null });
    if (bumped.kind !== 'bumped') throw new Error('not bumped');
    await entry(ref, bumped.record.ns, 'product', '42');
    await raw.config('SET', 'maxmemory', '1');
    onTestFinished(async () => void (await raw.config('SET', 'maxmemory', '0')));
    expect(await operator.invalidate(ref, 'product', '42', { mode: 'soft' })).toEqual({ removed: 1, markedStale: 0, leasesRevoked: 0 });
    expect(await operator.find(ref, 'product', '42')).toBeNull();
  });

  it('names what is wrong with an entry, and reads none that is too long', async () => {
    const ref = { env: 'test', service: 'problem' };
    const rubbish = dataKey(ref, '7', 'product', '1');
    await raw.set(rubbish, 'rubbish');
    const long = dataKey(ref, '7', 'product', '2');
    await raw.set(long, Buffer.alloc(3 << 20, 'x'));
    const list = dataKey(ref, '7', 'product', '3');
    await raw.lpush(list, 'x');
    const inspect = (key: string) => operator.inspect(Buffer.from(key));
    expect(await inspect(rubbish)).toMatchObject({ ttlMs: -1, content: { kind: 'problem', problem: 'not an envelope' }, lease: null });
    expect(await inspect(long)).toMatchObject({ sizeBytes: 3 << 20, memoryBytes: null, content: { kind: 'problem' } });
    expect(await inspect(list)).toMatchObject({ content: { kind: 'problem', problem: 'not a string' } });
    expect(await inspect('no:key:of:ours')).toBeNull();
    expect(await operator.describe([rubbish, long, list, 'gone'].map((key) => Buffer.from(key)))).toEqual([
      { ttlMs: -1, sizeBytes: 7 },
      { ttlMs: -1, sizeBytes: 3 << 20 },
      null,
      null,
    ]);
  });

  it('serves entities and ids of any text', async () => {
    const ref = { env: 'te{st}', service: 'ho*st[il]e:' };
    for (const entity of hostile.slice(0, 9)) {
      const bumped = await operator.bump(ref, entity, { expectedRev: null });
      if (bumped.kind !== 'bumped') throw new Error('not bumped');
      for (const id of hostile) await entry(ref, bumped.record.ns, entity, id);
    }
    for (const entity of hostile.slice(0, 9)) {
      const found = rows(await walk(ref, { entity }));
      expect(found.map((row) => row.id).sort()).toEqual([...hostile].sort());
      expect(new Set(found.map((row) => row.entity))).toEqual(new Set([entity]));
      for (const id of hostile) {
        expect(await operator.find(ref, entity, id)).toMatchObject({ entity, id, content: { kind: 'envelope' } });
        const prefixed = rows(await walk(ref, { entity, idPrefix: id })).map((row) => row.id);
        expect(prefixed).toEqual(expect.arrayContaining([id]));
        expect(prefixed.every((text) => text.startsWith(id))).toBe(true);
      }
    }
    expect(rows(await walk(ref))).toHaveLength(hostile.length * 9);
    expect(await operator.invalidate(ref, '*', '*')).toEqual({ removed: 1, markedStale: 0, leasesRevoked: 0 });
    expect(rows(await walk(ref, { entity: '*' }))).toHaveLength(hostile.length - 1);
    expect(rows(await walk(ref, { entity: ':' }))).toHaveLength(hostile.length);
  });

  it('finds a long id by exact name and by a prefix longer than a pattern may be', async () => {
    const ref = { env: 'test', service: 'long' };
    const bumped = await operator.bump(ref, 'product', { expectedRev: null });
    if (bumped.kind !== 'bumped') throw new Error('not bumped');
    const id = 'x'.repeat(10_000);
    const near = 'y'.repeat(400);
    await entry(ref, bumped.record.ns, 'product', id);
    await entry(ref, bumped.record.ns, 'product', `${near}1`);
    await entry(ref, bumped.record.ns, 'product', `${near.slice(1)}1`);
    expect(await operator.find(ref, 'product', id)).toMatchObject({ id, content: { kind: 'envelope' } });
    expect(rows(await walk(ref, { entity: 'product', idPrefix: near })).map((row) => row.id)).toEqual([`${near}1`]);
  });

  it('walks 20,000 keys in bounded steps, each key once, beside foreign keys and leases, without KEYS', async () => {
    const ref = { env: 'test', service: 'many' };
    const pipeline = raw.pipeline();
    for (let index = 0; index < 20_000; index += 1)
      pipeline.set(dataKey(ref, '9', index % 2 === 0 ? 'product' : 'cart', `id-${index}`), 'v', 'PX', 600_000);
    for (let index = 0; index < 500; index += 1) pipeline.set(leaseKey(dataKey(ref, '9', 'product', `id-${index}`)), 'L', 'PX', 600_000);
    for (let index = 0; index < 500; index += 1) pipeline.set(`test:many:zz:product:${index}:more`, 'foreign', 'PX', 600_000);
    await pipeline.exec();
    await raw.config('RESETSTAT');
    const steps = await walk(ref);
    const names = rows(steps).map((row) => row.key.toString());
    expect(new Set(names).size).toBe(20_000);
    expect(names).toHaveLength(20_000);
    for (const step of steps) {
      expect(step.rounds).toBeLessThanOrEqual(20);
      expect(step.keys.length).toBeLessThan(500 + 150);
      expect(step.walked).toBeLessThanOrEqual(step.total);
      expect(step.redisMs).toBeGreaterThanOrEqual(0);
    }
    expect(steps[0]?.total).toBe(await raw.dbsize());
    const products = rows(await walk(ref, { entity: 'product', idPrefix: 'id-1999' })).map((row) => row.id);
    expect(products.sort()).toEqual(['id-19990', 'id-19992', 'id-19994', 'id-19996', 'id-19998']);
    const commands = await raw.info('commandstats');
    expect(commands).toContain('cmdstat_scan:');
    expect(commands).not.toContain('cmdstat_keys:');
  });

  it('stops between rounds when aborted, keeps what it found, and goes on from there', async () => {
    const ref = { env: 'test', service: 'many' };
    const aborted = await operator.scan(ref, { cursor: '0', rowsMax: 10, signal: AbortSignal.abort() });
    expect(aborted).toMatchObject({ cursor: '0', rounds: 0, walked: 0, keys: [] });
    const controller = new AbortController();
    const step = operator.scan(ref, { cursor: '0', rowsMax: 100_000, signal: controller.signal });
    controller.abort();
    expect((await step).rounds).toBeLessThanOrEqual(1);
    await expect(operator.scan(ref, { cursor: '1; FLUSHALL', rowsMax: 10 })).rejects.toThrow(RangeError);
  });

  it('lets one scan at a time through, whoever asks', async () => {
    const ref = { env: 'test', service: 'many' };
    const results = await Promise.all([1, 2, 3].map(() => operator.scan(ref, { cursor: '0', rowsMax: 200 })));
    for (const result of results) expect(result.keys.length).toBeGreaterThanOrEqual(200);
  });

  it('refuses within its deadline while Redis hangs, says that a change may have happened, and recovers', async () => {
    const impatient = createOperator({ redis: server.url, deadlineMs: 200 });
    onTestFinished(() => impatient.close());
    await impatient.ready();
    const states: OperatorState[] = [];
    impatient.onState((state) => states.push(state));
    server.pause();
    onTestFinished(() => server.resume());
    const [read, change] = await Promise.allSettled([
      impatient.now(),
      impatient.bump({ env: 'test', service: 'hang' }, 'product', { expectedRev: null }),
    ]);
    expect(read).toMatchObject({ status: 'rejected', reason: expect.any(OperatorUnavailable) });
    expect(change).toMatchObject({ status: 'rejected', reason: { name: 'OperatorUnavailable', applied: 'unknown' } });
    await vi.waitFor(
      () => expect(impatient.state()).toMatchObject({ state: 'down', reason: expect.stringContaining('does not answer') }),
      soon,
    );
    server.resume();
    await vi.waitFor(() => expect(impatient.state().state).toBe('up'), soon);
    expect(await impatient.now()).toBeGreaterThan(0);
    expect(states.map((state) => state.state)).toContain('down');
  });
});

describe('an operator whose Redis is not there', () => {
  const open = async (redis: Parameters<typeof createOperator>[0]['redis']): Promise<Operator> => {
    const operator = createOperator({ redis, deadlineMs: 300 });
    onTestFinished(() => operator.close());
    await operator.ready();
    return operator;
  };
  const says = (operator: Operator, reason: RegExp): Promise<void> =>
    vi.waitFor(() => expect(operator.state()).toMatchObject({ state: 'down', reason: expect.stringMatching(reason) }), soon);

  it('starts, says that it is refused, rejects each call, and recovers by itself', async () => {
    const server = await startRedisServer({ args: ['--requirepass', 'secret'] });
    onTestFinished(() => server.stop());
    await server.kill();
    const { port } = server;
    const operator = await open(`redis://:secret@127.0.0.1:${port}`);
    expect(operator.state()).toMatchObject({ state: 'down', reason: `127.0.0.1:${port} refuses the connection: nothing listens there` });
    const ref = { env: 'a', service: 'b' };
    const calls = [
      operator.services(),
      operator.scan(ref, { cursor: '0', rowsMax: 1 }),
      operator.frames(new Map([[ref, '0']]), { count: 1, blockMs: 0 }),
    ];
    for (const result of await Promise.allSettled(calls)) {
      expect(result).toMatchObject({ status: 'rejected', reason: { name: 'OperatorUnavailable', applied: 'no' } });
    }
    await server.restart();
    await vi.waitFor(() => expect(operator.state().state).toBe('up'), soon);
    expect(await operator.services()).toEqual([]);
  });

  it('says wrong password, or that one is asked for, without showing it', async () => {
    const server = await startRedisServer({ args: ['--requirepass', 'right'] });
    onTestFinished(() => server.stop());
    const wrong = await open({ host: '127.0.0.1', port: server.port, password: 'hunter2' });
    await says(wrong, /says wrong password$/);
    expect(JSON.stringify(wrong.state())).not.toContain('hunter2');
    const error = await wrong.now().catch((reason: unknown) => reason);
    expect(String(error)).not.toContain('hunter2');
    await says(await open(server.url), /asks for a password/);
  });

  it('says that a host name is not known', async () => {
    await says(await open('redis://nowhere.invalid:6379'), /nowhere\.invalid:6379: this host name is not known/);
  });

  it('says that what answers is not a Redis, or does not answer', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    });
    const silent = createServer((socket) => {
      socket.on('error', () => {});
    });
    const ports = await Promise.all(
      [server, silent].map(async (one) => {
        one.listen(0, '127.0.0.1');
        await once(one, 'listening');
        onTestFinished(() => void one.close());
        const address = one.address();
        return address !== null && typeof address === 'object' ? address.port : 0;
      }),
    );
    await says(await open(`redis://127.0.0.1:${ports[0]}`), /answers, but is not a Redis/);
    await says(await open(`redis://127.0.0.1:${ports[1]}`), /accepts the connection and does not answer/);
  });
});
