import { describe, expect, it, vi } from 'vitest';
import { FALLBACK_MS } from '../../engine/lease-gates.ts';
import { runScript } from '../../engine/redis/run-pipeline.ts';
import { beginWrite } from '../../engine/scripts.ts';
import { commandCalls } from './command-calls.ts';
import { token } from './key-space.ts';
import { deferred, patient } from './open-caches.ts';
import { expectTrace, fresh, lineOf, traceBed } from './trace-bed.ts';

const traces = traceBed();
const { bed, open, origin, broken } = traces;
const { keyOf, leaseOf, putEntry } = traces.keys;

const nearEnd = { createdMs: -540_000, freshMs: 60_000, expiresMs: 120_000, loadCostMs: 60_000 };
const stale = { createdMs: -600_000, freshMs: -30_000, expiresMs: 60_000 };

describe('a read', () => {
  it('hit', async () => {
    const traced = await open();
    await putEntry('1', 'v', fresh);
    expect(await traced.cache.getOrSet('product', '1', origin('new'))).toBe('v');
    expect(await traced.cache.get('product', '1')).toBe('v');
    await expectTrace(traced, ['read: hit in 0 us', 'read: hit in 0 us']);
  });

  it('a peek is no read', async () => {
    const traced = await open();
    await putEntry('1', 'v', fresh);
    await traced.cache.peek('product', '1');
    await traced.cache.explain('product', '1');
    await expectTrace(traced, []);
  });

  it('miss: the caller waits for the origin, and the fill follows', async () => {
    const traced = await open();
    expect(await traced.cache.getOrSet('product', '1', origin('v'))).toBe('v');
    await expectTrace(traced, ['load.started: miss, leased', 'load.ended: 7 ms', 'read: miss in 7000 us', 'fill: stored']);
    expect(await traced.cache.getOrSet('product', '1', origin('new'))).toBe('v');
    expect(traced.events.map(lineOf).at(-1)).toBe('read: hit in 0 us');
  });

  it('miss without a loader', async () => {
    const traced = await open();
    expect(await traced.cache.get('product', '1')).toBeUndefined();
    await expectTrace(traced, ['read: miss in 0 us']);
  });

  it('miss of several at once: one load', async () => {
    const traced = await open();
    await Promise.all([1, 2, 3].map(() => traced.cache.getOrSet('product', '1', origin('v'))));
    await expectTrace(traced, [
      'load.started: miss, leased',
      'load.ended: 7 ms',
      ...['read: miss in 7000 us', 'read: miss in 7000 us', 'read: miss in 7000 us'],
      'fill: stored',
    ]);
  });

  it('miss, and the origin fails: nothing is filled', async () => {
    const traced = await open();
    await expect(traced.cache.getOrSet('product', '1', broken)).rejects.toThrow('origin down');
    await expectTrace(traced, ['load.started: miss, leased', 'load.failed: 7 ms, origin down', 'read: miss in 7000 us']);
    await vi.waitFor(async () => expect(await bed.redis.exists(await leaseOf('1'))).toBe(0));
  });

  it('miss, and the origin hangs: given up at its timeout', async () => {
    const traced = await open();
    const read = traced.cache.getOrSet('product', '1', () => new Promise(() => {}));
    const refused = expect(read).rejects.toMatchObject({ name: 'LoadTimeout' });
    await expectTrace(traced, ['load.started: miss, leased']);
    traces.clock.advance(5_000);
    await refused;
    await expectTrace(traced, [
      'load.started: miss, leased',
      'load.failed: 5000 ms, the loader did not answer within 5000 ms',
      'read: miss in 5000000 us',
    ]);
  });

  it('miss, and no codec carries the value', async () => {
    const traced = await open();
    expect(await traced.cache.getOrSet('product', '1', origin(1n))).toBe(1n);
    await expectTrace(traced, [
      'load.started: miss, leased',
      'load.ended: 7 ms',
      'value.unserializable: the value is a BigInt, which codec "json" does not carry',
      'read: miss in 7000 us',
    ]);
  });

  it('miss while the key is written: a load of its own, and no fill', async () => {
    const traced = await open();
    await runScript(bed.redis, beginWrite, [await keyOf('1'), await leaseOf('1')], [token('W', 'w'), 60_000, 'inbox:']);
    expect(await traced.cache.getOrSet('product', '1', origin('v'))).toBe('v');
    await expectTrace(traced, ['load.started: miss, without a lease', 'load.ended: 7 ms', 'read: miss in 7000 us']);
  });

  it('miss while another instance loads: no load here', async () => {
    const [holder, waiter] = [await open(), await open()];
    const answer = deferred<string>();
    const reads = [holder.cache.getOrSet('product', '1', () => answer.promise)];
    await expectTrace(holder, ['load.started: miss, leased']);
    reads.push(waiter.cache.getOrSet('product', '1', origin('own')));
    await vi.waitFor(async () => expect(await bed.redis.strlen(await leaseOf('1'))).toBe(40));
    traces.clock.advance(30);
    answer.resolve('v');
    expect(await Promise.all(reads)).toEqual(['v', 'v']);
    await expectTrace(holder, ['load.started: miss, leased', 'load.ended: 30 ms', 'read: miss in 30000 us', 'fill: stored']);
    await expectTrace(waiter, ['read: miss in 30000 us']);
  });

  it('takeover: the holder is gone, and its lease has run out', async () => {
    const traced = await open();
    await bed.redis.set(await leaseOf('1'), token('L', 'dead'), 'PX', 60_000);
    const read = traced.cache.getOrSet('product', '1', origin('v'));
    await vi.waitFor(async () => expect(await bed.redis.strlen(await leaseOf('1'))).toBe(40));
    await bed.redis.del(await leaseOf('1'));
    await expectTrace(traced, []);
    traces.clock.advance(FALLBACK_MS);
    expect(await read).toBe('v');
    await expectTrace(traced, ['load.started: miss, leased', 'load.ended: 7 ms', 'read: miss in 257000 us', 'fill: stored']);
  });

  it('stale: served at once, and loaded again behind it', async () => {
    const traced = await open();
    await putEntry('1', 'old', stale);
    expect(await traced.cache.getOrSet('product', '1', origin('new'))).toBe('old');
    await expectTrace(traced, ['read: stale in 0 us', 'load.started: refresh, leased', 'load.ended: 7 ms', 'fill: stored']);
    expect(await traced.cache.get('product', '1')).toBe('new');
  });

  it('stale, and the refresh fails: served all the same, asked again after a pause', async () => {
    const traced = await open();
    await putEntry('1', 'old', stale);
    const failed = ['load.started: refresh, leased', 'load.failed: 7 ms, origin down'];
    expect(await traced.cache.getOrSet('product', '1', broken)).toBe('old');
    await expectTrace(traced, ['read: stale in 0 us', ...failed]);
    expect(await traced.cache.getOrSet('product', '1', broken)).toBe('old');
    await vi.waitFor(async () => expect(await bed.redis.exists(await leaseOf('1'))).toBe(0));
    traces.clock.advance(300);
    expect(await traced.cache.getOrSet('product', '1', broken)).toBe('old');
    await expectTrace(traced, ['read: stale in 0 us', ...failed, 'read: stale in 0 us', 'read: stale in 0 us', ...failed]);
  });

  it('early refresh: a hit, and chance has it loaded again', async () => {
    const traced = await open(() => 0.01);
    await putEntry('1', 'old', nearEnd);
    expect(await traced.cache.getOrSet('product', '1', origin('new'))).toBe('old');
    await expectTrace(traced, ['read: hit in 0 us', 'load.started: early, leased', 'load.ended: 7 ms', 'fill: stored']);
  });

  it('no early refresh where chance says no', async () => {
    const traced = await open(() => 0.5);
    await putEntry('1', 'old', nearEnd);
    await bed.redis.config('RESETSTAT');
    expect(await traced.cache.getOrSet('product', '1', origin('new'))).toBe('old');
    await traced.cache.close();
    await expectTrace(traced, ['read: hit in 0 us']);
    // Nor was the lease asked for.
    expect((await commandCalls(bed.redis)).has('evalsha')).toBe(false);
  });

  it('bytes that are no entry: told, then a miss', async () => {
    const traced = await open();
    await bed.redis.set(await keyOf('1'), 'garbage', 'PX', 60_000);
    expect(await traced.cache.getOrSet('product', '1', origin('v'))).toBe('v');
    await expectTrace(traced, [
      'entry.rejected: not an envelope',
      'load.started: miss, leased',
      'load.ended: 7 ms',
      'read: miss in 7000 us',
      'fill: stored',
    ]);
  });

  it('an entity that is never cached: the origin alone', async () => {
    const traced = await open();
    expect(await traced.cache.getOrSet('order', '1', origin('v'))).toBe('v');
    await expectTrace(traced, ['load.started: bypass, without a lease', 'load.ended: 7 ms', 'read: bypass in 7000 us']);
  });

  it('Redis silent: unavailable at the deadline, never a miss; five in a row open the breaker', async () => {
    const traced = await open();
    bed.server.pause();
    try {
      for (let n = 1; n <= 5; n += 1) {
        const read = traced.cache.getOrSet('product', '1', origin('v'));
        await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
        traces.clock.advance(patient.deadlineMs);
        expect(await read).toBe('v');
      }
      expect(await traced.cache.getOrSet('product', '1', origin('v'))).toBe('v');
    } finally {
      bed.server.resume();
    }
    const load = ['load.started: unavailable, without a lease', 'load.ended: 7 ms'];
    const late = [...load, 'read: unavailable in 2007000 us'];
    await expectTrace(traced, [
      ...[...late, ...late, ...late, ...late],
      ...['breaker of read: open, no answer', 'redis.unavailable: no answer in time', ...late],
      ...[...load, 'read: unavailable in 7000 us'],
    ]);
  });

  it('Redis gone: unavailable at once; told of once', async () => {
    const traced = await open();
    await bed.server.kill();
    try {
      await vi.waitFor(() => expect(traced.events.map(lineOf)).toEqual(['redis.unavailable: connection lost']));
      expect(await traced.cache.getOrSet('product', '1', origin('v'))).toBe('v');
      expect(await traced.cache.get('product', '1')).toBeUndefined();
      await expectTrace(traced, [
        'redis.unavailable: connection lost',
        ...['load.started: unavailable, without a lease', 'load.ended: 7 ms', 'read: unavailable in 7000 us'],
        'read: unavailable in 0 us',
      ]);
    } finally {
      await bed.server.restart();
    }
  });
});
