import { describe, expect, it } from 'vitest';
import { deferred } from './open-caches.ts';
import { expectTrace, fresh, lineOf, traceBed } from './trace-bed.ts';

const traces = traceBed();
const { bed, open, origin, broken } = traces;
const { record, recordKey, putEntry } = traces.keys;

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
    traces.clock.advance(1_000);
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
