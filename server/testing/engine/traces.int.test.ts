import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { CacheEvent } from '../../engine/events.ts';
import { FALLBACK_MS } from '../../engine/lease-gates.ts';
import { beginWrite, runScript } from '../../engine/scripts.ts';
import { commandCalls } from './command-calls.ts';
import { keySpaceOf, token } from './key-space.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';
import { deferred, patient, type TracedCache } from './open-caches.ts';
import { redisBed } from './redis-bed.ts';

/**
 * What the engine does, path by path, as it tells it itself. Time stands still but where a test lets it pass, and chance is
 * given; so a trace is exact, down to each duration. A line is one event of one key, in order.
 */

let clock: ManualClock;
const bed = redisBed(patient);
const { caches } = bed;
const { record, recordKey, keyOf, leaseOf, putEntry } = keySpaceOf(() => bed.redis);
beforeEach(async () => {
  clock = manualClock();
});

const fresh = { createdMs: -60_000, freshMs: 540_000, expiresMs: 600_000, loadCostMs: 7 };
const nearEnd = { createdMs: -540_000, freshMs: 60_000, expiresMs: 120_000, loadCostMs: 60_000 };
const stale = { createdMs: -600_000, freshMs: -30_000, expiresMs: 60_000 };

/** A cache whose time is the test's; chance says no to whatever it may. */
async function open(random = () => 1): Promise<TracedCache> {
  const policies = { product: { ttl: '10min', staleWindow: '1min' }, order: { strategy: 'none' } } as const;
  const traced = await caches.open({ policies }, { clock, random });
  traced.events.splice(0);
  return traced;
}

/** An origin that takes 7 ms. */
const origin =
  <T>(value: T) =>
  () => {
    clock.advance(7);
    return Promise.resolve(value);
  };
const broken = () => {
  clock.advance(7);
  return Promise.reject(new Error('origin down'));
};

function lineOf(event: CacheEvent): string {
  switch (event.type) {
    case 'read':
      return `read: ${event.outcome} in ${event.durationUs} us`;
    case 'load.started':
      return `load.started: ${event.reason}, ${event.leased ? 'leased' : 'without a lease'}`;
    case 'load.ended':
      return `load.ended: ${event.costMs} ms`;
    case 'load.failed':
      return `load.failed: ${event.costMs} ms, ${event.error instanceof Error ? event.error.message : ''}`;
    case 'fill':
      return `fill: ${event.result}`;
    case 'invalidated':
      return `invalidated: ${event.mode}, removed ${event.removed}, marked ${event.markedStale}, revoked ${event.leasesRevoked}`;
    case 'written':
      return `written: ${event.filled ? 'filled' : 'left invalidated'}`;
    case 'entry.rejected':
    case 'value.unserializable':
      return `${event.type}: ${event.problem}`;
    case 'redis.unavailable':
      return `redis.unavailable: ${event.reason}`;
    case 'breaker.changed':
      return `breaker of ${event.role}: ${event.state}, ${event.reason}`;
    default:
      return event.type;
  }
}

/** Waits for as many events as are expected, and finds these. */
async function expectTrace({ events }: TracedCache, lines: readonly string[]): Promise<void> {
  await vi.waitFor(() => expect(events.length).toBeGreaterThanOrEqual(lines.length));
  expect(events.map(lineOf)).toEqual(lines);
}

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
    clock.advance(5_000);
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
    clock.advance(30);
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
    clock.advance(FALLBACK_MS);
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
    clock.advance(300);
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
        clock.advance(patient.deadlineMs);
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

describe('a write', () => {
  it('of the origin, then of the entry', async () => {
    const traced = await open();
    await traced.cache.set('product', '1', origin('v'));
    expect(await traced.cache.get('product', '1')).toBe('v');
    await expectTrace(traced, ['written: filled', 'read: hit in 0 us']);
  });

  it('that returns nothing leaves the key invalidated', async () => {
    const traced = await open();
    await putEntry('1', 'old', fresh);
    await traced.cache.set('product', '1', origin(undefined));
    expect(await traced.cache.get('product', '1')).toBeUndefined();
    await expectTrace(traced, ['written: left invalidated', 'read: miss in 0 us']);
  });

  it('that the origin refuses is told by its caller alone', async () => {
    const traced = await open();
    await putEntry('1', 'old', fresh);
    await expect(traced.cache.set('product', '1', broken)).rejects.toThrow('origin down');
    expect(await traced.cache.get('product', '1')).toBeUndefined();
    await expectTrace(traced, ['read: miss in 0 us']);
  });

  it('that Redis does not take', async () => {
    const traced = await open();
    await bed.redis.config('SET', 'min-replicas-to-write', '1');
    await expect(traced.cache.set('product', '1', origin('v'))).rejects.toMatchObject({ name: 'WriteNotStarted' });
    await bed.redis.config('SET', 'min-replicas-to-write', '0');
    await expectTrace(traced, []);
  });
});

describe('an invalidation', () => {
  it('hard: gone, and the next read loads', async () => {
    const traced = await open();
    await putEntry('1', 'old', fresh);
    await traced.cache.invalidate('product', '1');
    expect(await traced.cache.getOrSet('product', '1', origin('new'))).toBe('new');
    await expectTrace(traced, [
      'invalidated: hard, removed 1, marked 0, revoked 0',
      ...['load.started: miss, leased', 'load.ended: 7 ms', 'read: miss in 7000 us', 'fill: stored'],
    ]);
  });

  it('soft: stale, and loaded again behind the next read', async () => {
    const traced = await open();
    await putEntry('1', 'old', fresh);
    await traced.cache.invalidate('product', '1', { mode: 'soft' });
    expect(await traced.cache.getOrSet('product', '1', origin('new'))).toBe('old');
    await expectTrace(traced, [
      'invalidated: soft, removed 0, marked 1, revoked 0',
      ...['read: stale in 0 us', 'load.started: refresh, leased', 'load.ended: 7 ms', 'fill: stored'],
    ]);
  });

  it.each(['hard', 'soft'] as const)('%s, while a load is under way: its caller has the value, its fill is rejected', async (mode) => {
    const traced = await open();
    const answer = deferred<string>();
    const read = traced.cache.getOrSet('product', '1', () => answer.promise);
    await expectTrace(traced, ['load.started: miss, leased']);
    await traced.cache.invalidate('product', '1', { mode });
    answer.resolve('old');
    expect(await read).toBe('old');
    await expectTrace(traced, [
      'load.started: miss, leased',
      `invalidated: ${mode}, removed 0, marked 0, revoked 1`,
      ...['load.ended: 0 ms', 'read: miss in 0 us', 'fill: rejected'],
    ]);
  });

  it('that Redis refuses is put off, and done when it can be', async () => {
    const traced = await open();
    await putEntry('1', 'old', fresh);
    await bed.redis.config('SET', 'min-replicas-to-write', '1');
    await expect(traced.cache.invalidate('product', '1')).rejects.toMatchObject({ name: 'InvalidationNotAcknowledged' });
    await bed.redis.config('SET', 'min-replicas-to-write', '0');
    await expectTrace(traced, ['invalidation.deferred']);
    clock.advance(1_000);
    await expectTrace(traced, ['invalidation.deferred', 'invalidated: hard, removed 1, marked 0, revoked 0', 'invalidation.replayed']);
  });
});

describe('a version', () => {
  it('bump, and its undo', async () => {
    const traced = await open();
    await putEntry('1', 'v', fresh);
    await traced.cache.bumpVersion('product');
    expect(await traced.cache.get('product', '1')).toBeUndefined();
    await traced.cache.undoBump('product');
    expect(await traced.cache.get('product', '1')).toBe('v');
    await expectTrace(traced, ['bumped', 'read: miss in 0 us', 'bump.undone', 'read: hit in 0 us']);
  });

  it('bump while a load is under way: what it fills is out of reach', async () => {
    const traced = await open();
    const answer = deferred<string>();
    const read = traced.cache.getOrSet('product', '1', () => answer.promise);
    await expectTrace(traced, ['load.started: miss, leased']);
    await traced.cache.bumpVersion('product');
    answer.resolve('old');
    expect(await read).toBe('old');
    await expectTrace(traced, ['load.started: miss, leased', 'bumped', 'load.ended: 0 ms', 'read: miss in 0 us', 'fill: stored']);
    expect(await traced.cache.get('product', '1')).toBeUndefined();
  });

  it('record lost: minted, then a miss', async () => {
    const traced = await open();
    await putEntry('1', 'v', fresh);
    await bed.redis.del(recordKey);
    expect(await traced.cache.get('product', '1')).toBeUndefined();
    await expectTrace(traced, ['version.minted', 'read: miss in 0 us']);
  });

  it("another server's record: adopted, then a miss", async () => {
    const traced = await open();
    await putEntry('1', 'v', fresh);
    const { rev, ns } = await record();
    await bed.redis.set(recordKey, `${rev} ${ns} - ${'f'.repeat(40)}`);
    expect(await traced.cache.get('product', '1')).toBeUndefined();
    await expectTrace(traced, ['version.adopted', 'read: miss in 0 us']);
  });

  it('record gone back: the read is unavailable, and the record raised', async () => {
    const traced = await open();
    await putEntry('1', 'v', fresh);
    const { ns } = await record();
    await bed.redis.set(recordKey, `1 ${ns} - -`);
    expect(await traced.cache.get('product', '1')).toBeUndefined();
    await expectTrace(traced, ['read: unavailable in 0 us', 'version.raised']);
    expect(await traced.cache.get('product', '1')).toBeUndefined();
    expect(traced.events.map(lineOf).at(-1)).toBe('read: miss in 0 us');
  });
});
