import { rmSync } from 'node:fs';
import path from 'node:path';
import { Redis } from 'ioredis';
import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../engine/clock.ts';
import { patient, type TracedCache } from '../open-caches.ts';
import { countOf, faultBench, outcomesOf, soon } from './fault-bench.ts';

const bench = faultBench(patient, ['--enable-debug-command', 'yes', '--loading-process-events-interval-bytes', '1024']);
const load = () => Promise.resolve('from the origin');

async function expectHits({ cache, events }: TracedCache) {
  await vi.waitFor(async () => {
    const from = events.length;
    await cache.getOrSet('product', '1', load);
    expect(outcomesOf(events.slice(from))).toEqual(['hit']);
  }, soon);
}

describe('Redis comes back', () => {
  it('with a large dump to load: the origin answers meanwhile, nothing is acknowledged, and hits follow by themselves', async () => {
    const traced = await bench.open();
    await traced.cache.set('product', '1', 'v');
    await bench.redis.call('DEBUG', 'POPULATE', '4000', 'padding', '100');
    await bench.redis.save();
    await bench.server.kill();
    const restarted = bench.server.restart(['--key-load-delay', '200']);
    // Asks at once, where others wait until it has loaded.
    const impatient = new Redis({ port: bench.server.port, enableReadyCheck: false, retryStrategy: () => 10 });
    impatient.on('error', () => {
      // It is refused until the server listens.
    });
    try {
      await vi.waitFor(() => expect(impatient.get('x')).rejects.toThrow(/LOADING/), soon);
      const from = traced.events.length;
      expect(await traced.cache.getOrSet('product', '1', load)).toBe('from the origin');
      await expect(traced.cache.invalidate('product', '1')).rejects.toMatchObject({ name: 'InvalidationNotAcknowledged' });
      expect(outcomesOf(traced.events.slice(from))).toEqual(['unavailable']);
    } finally {
      impatient.disconnect();
      await restarted;
      rmSync(path.join(bench.server.dir, 'dump.rdb'));
    }
    await vi.waitFor(() => expect(countOf(traced.events, 'invalidation.replayed')).toBe(1), soon);
    await expectHits(traced);
    expect([countOf(traced.events, 'redis.unavailable'), countOf(traced.events, 'redis.available')]).toEqual([1, 1]);
  });

  it('as a primary, after it was a replica while its connections stood: all instances agree on its name, and all have hits', async () => {
    const before = [await bench.open(), await bench.open()];
    for (const { cache } of before) await cache.set('product', '1', 'v');
    const replidOf = async () => /^master_replid:(\w+)/m.exec(await bench.redis.info('replication'))?.[1];
    const named = await replidOf();
    await bench.redis.replicaof('127.0.0.1', 1);
    await bench.redis.replicaof('NO', 'ONE');
    expect(await replidOf()).not.toBe(named);
    // One that has never known it by another name.
    const all = [...before, await bench.open()];
    for (const traced of all) await expectHits(traced);
    const { rev, replid } = await bench.keys.record();
    expect(replid).toBe(await replidOf());
    for (const { cache } of all) {
      expect(await cache.get('product', '1')).toBe('from the origin');
      expect(await cache.invalidate('product', '2')).toMatchObject({ removed: 0 });
    }
    expect((await bench.keys.record()).rev).toBe(rev);
    expect(await all[0]?.cache.bumpVersion('product')).toMatchObject({ previous: expect.any(String) });
  });

  it('to many instances at once: each tells of one outage and its end, and the key that all want is loaded once', async () => {
    const fleet = await Promise.all(Array.from({ length: 8 }, () => bench.open()));
    await bench.server.kill();
    for (const { cache } of fleet) expect(await cache.getOrSet('product', '1', load)).toBe('from the origin');
    await bench.server.restart();
    for (const { events } of fleet) await vi.waitFor(() => expect(countOf(events, 'redis.available')).toBe(1), soon);
    // Each has its own connection for leases back too: what it loads without one is not stored.
    for (const [index, { cache }] of fleet.entries()) {
      await vi.waitFor(async () => {
        await cache.getOrSet('product', `of ${index}`, load);
        expect(await cache.get('product', `of ${index}`)).toBe('from the origin');
      }, soon);
    }
    let calls = 0;
    const counted = async () => {
      calls += 1;
      return load();
    };
    await Promise.all(fleet.map(({ cache }) => cache.getOrSet('product', '2', counted)));
    expect(calls).toBe(1);
    for (const { events } of fleet) expect(countOf(events, 'redis.unavailable')).toBe(1);
  });
});

describe('the clock of the machine jumps', () => {
  it.each([3_600_000, -3_600_000])(
    'by %d ms: what is fresh stays so, what is filled is no fresher for it, and nothing is taken for an outage',
    async (jumpMs) => {
      let offsetMs = 0;
      const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + offsetMs };
      const { cache, events } = await bench.open({}, { clock });
      const other = await bench.open();
      await cache.set('product', '1', 'v');
      offsetMs = jumpMs;
      expect(await cache.getOrSet('product', '1', load)).toBe('v');
      await cache.set('product', '2', 'w');
      expect(await cache.getOrSet('product', '2', load)).toBe('w');
      const [one, two] = await Promise.all([other.cache.peek('product', '1'), other.cache.peek('product', '2')]);
      if (one.kind !== 'fresh' || two.kind !== 'fresh') throw new Error('an entry is not fresh to another instance');
      expect(Math.abs(two.createdMs - one.createdMs)).toBeLessThan(60_000);
      expect(await cache.invalidate('product', '1')).toMatchObject({ removed: 1 });
      expect(outcomesOf(events)).toEqual(['hit', 'hit']);
      expect(countOf(events, 'breaker.changed') + countOf(events, 'redis.unavailable')).toBe(0);
    },
  );
});
