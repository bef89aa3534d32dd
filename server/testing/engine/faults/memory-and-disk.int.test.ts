import { mkdirSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { countingLoader, deferred, patient } from '../open-caches.ts';
import { countOf, faultBench, outcomesOf, soon } from './fault-bench.ts';

const bench = faultBench(patient);
const load = () => Promise.resolve('from the origin');

describe('Redis has no memory left', () => {
  it('what is there is served and can be invalidated, what is loaded is not kept, and a bump is refused and made later', async () => {
    const { cache, events } = await bench.open();
    for (const id of ['1', '2']) await cache.set('product', id, `value ${id}`);
    const { rev } = await bench.keys.record();
    await bench.redis.config('SET', 'maxmemory', '1');
    try {
      expect(await cache.get('product', '1')).toBe('value 1');
      expect(await cache.invalidate('product', '1')).toMatchObject({ removed: 1 });
      expect(await cache.getOrSet('product', '1', load)).toBe('from the origin');
      expect(await cache.get('product', '1')).toBeUndefined();
      await expect(cache.bumpVersion('product')).rejects.toMatchObject({ name: 'InvalidationNotAcknowledged' });
      // It is in force here all the same.
      expect(await cache.get('product', '2')).toBeUndefined();
      expect(outcomesOf(events)).toEqual(['hit', 'miss', 'miss', 'miss']);
    } finally {
      await bench.redis.config('SET', 'maxmemory', '0');
    }
    await vi.waitFor(() => expect(countOf(events, 'bump.replayed')).toBe(1), soon);
    expect(Number((await bench.keys.record()).rev)).toBeGreaterThan(Number(rev));
    expect(await cache.get('product', '2')).toBeUndefined();
    await cache.set('product', '2', 'new');
    expect(await cache.get('product', '2')).toBe('new');
  });

  it.each(['volatile-lru', 'allkeys-random'])(
    'it evicts (%s) faster than is filled: every answer is right, and the origin has no more loads than it may',
    async (policy) => {
      const { cache, events } = await bench.open({ origin: { concurrencyMax: 4 } });
      const used = Number(/^used_memory:(\d+)/m.exec(await bench.redis.info('memory'))?.[1]);
      await bench.redis.config('RESETSTAT');
      await bench.redis.config('SET', 'maxmemory-policy', policy);
      await bench.redis.config('SET', 'maxmemory', String(used + 500_000));
      let running = 0;
      let most = 0;
      const padded = (id: string) => id.padEnd(4_000, '-');
      try {
        for (let round = 0; round < 3; round += 1) {
          const ids = Array.from({ length: 400 }, (_, n) => String(n));
          const answers = await Promise.all(
            ids.map((id) =>
              cache.getOrSet('product', id, async () => {
                running += 1;
                most = Math.max(most, running);
                await new Promise((resolve) => setImmediate(resolve));
                running -= 1;
                return padded(id);
              }),
            ),
          );
          expect(answers).toEqual(ids.map(padded));
        }
        expect(most).toBeLessThanOrEqual(4);
        expect(Number(/^evicted_keys:(\d+)/m.exec(await bench.redis.info('stats'))?.[1])).toBeGreaterThan(100);
        expect(countOf(events, 'redis.unavailable')).toBe(0);
      } finally {
        await bench.redis.config('SET', 'maxmemory', '0');
        await bench.redis.config('SET', 'maxmemory-policy', 'noeviction');
      }
    },
  );
});

describe('Redis is emptied', () => {
  it('while a key loads: what was begun before is not stored, and no version is used twice', async () => {
    const { cache, events } = await bench.open();
    const other = await bench.open();
    await cache.set('product', '2', 'v');
    const before = await bench.keys.record();
    const loading = deferred<string>();
    const { load: loadOld, calls } = countingLoader(() => loading.promise);
    const old = cache.getOrSet('product', '1', loadOld);
    await vi.waitFor(() => expect(calls()).toBe(1), soon);
    await bench.redis.flushall();
    await other.cache.set('product', '1', 'new');
    loading.resolve('old');
    expect(await old).toBe('old');
    await vi.waitFor(() => expect(countOf(events, 'fill')).toBe(1), soon);
    expect(events.find((event) => event.type === 'fill')).toMatchObject({ result: 'rejected' });
    for (const traced of [{ cache }, other]) expect(await traced.cache.get('product', '1')).toBe('new');
    expect(Number((await bench.keys.record()).rev)).toBeGreaterThan(Number(before.rev));
    expect((await bench.keys.record()).ns).not.toBe(before.ns);
  });
});

describe('Redis cannot write its snapshots (MISCONF)', () => {
  it('what is there is served and explained so, nothing is stored or acknowledged, and what was refused is made good', async () => {
    const { cache, events } = await bench.open();
    await cache.set('product', '1', 'v');
    const obstacle = path.join(bench.server.dir, 'dump.rdb');
    mkdirSync(obstacle);
    await bench.redis.config('SET', 'save', '3600 1');
    await bench.redis.bgsave();
    try {
      await vi.waitFor(() => expect(bench.redis.set('probe', '1')).rejects.toThrow(/MISCONF/), soon);
      expect(await cache.get('product', '1')).toBe('v');
      expect(await cache.explain('product', '1')).toMatchObject({ tier: 'redis', freshness: { kind: 'fresh' }, next: { does: 'serve' } });
      expect(await cache.explain('product', '2')).toMatchObject({ freshness: { kind: 'missing' }, next: { does: 'load without filling' } });
      expect(await cache.getOrSet('product', '2', load)).toBe('from the origin');
      expect(await cache.peek('product', '2')).toEqual({ kind: 'miss' });
      await expect(cache.invalidate('product', '1')).rejects.toMatchObject({ name: 'InvalidationNotAcknowledged' });
      expect(await cache.get('product', '1')).toBeUndefined();
    } finally {
      await bench.redis.config('SET', 'stop-writes-on-bgsave-error', 'no');
      await bench.redis.config('SET', 'save', '');
      rmdirSync(obstacle);
    }
    await vi.waitFor(() => expect(countOf(events, 'invalidation.replayed')).toBe(1), soon);
    expect(await bench.redis.exists(await bench.keys.keyOf('1'))).toBe(0);
  });
});
