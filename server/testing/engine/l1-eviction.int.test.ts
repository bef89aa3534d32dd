import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { commandCalls } from './command-calls.ts';
import { keySpaceOf } from './key-space.ts';
import { localHits, soon } from './local-hits.ts';
import type { TracedCache } from './open-caches.ts';
import { redisBed } from './redis-bed.ts';
import { toldClock } from './told-clock.ts';

const bed = redisBed({ deadlineMs: 2_000 });
const { caches } = bed;
const { keyOf } = keySpaceOf(() => bed.redis);
const policies = { product: { ttl: '10min', earlyRefresh: 'off' as const } };
const idsOf = (name: string, count: number) => Array.from({ length: count }, (_, n) => `${name} ${n}`);

/** Timers of one second, that of the hits among them, run when the test says so. */
const SECOND_MS = 1_000;
let clock = toldClock();
const aSecondPasses = () => clock.pass(SECOND_MS);
const touches = async () => (await commandCalls(bed.redis)).get('touch') ?? 0;

beforeEach(async () => {
  clock = toldClock([SECOND_MS]);
  // Each use counts one, for ever: the frequency is a counter.
  await bed.redis.config('SET', 'maxmemory-policy', 'volatile-lfu', 'lfu-log-factor', '0', 'lfu-decay-time', '0');
  await bed.redis.config('RESETSTAT');
});
afterEach(() => bed.redis.config('SET', 'maxmemory', '0'));

/** Every hit is picked. The bound is never reached by itself. */
const open = (redis = bed.server.url) => caches.open({ redis, policies, l1: { boundMs: 60_000 } }, { clock, random: () => 0 });

/** Each of them, by the process itself. */
async function hitAll(traced: TracedCache, ids: readonly string[]): Promise<void> {
  const before = localHits(traced);
  for (const id of ids) await traced.cache.get('product', id);
  expect(localHits(traced) - before).toBe(ids.length);
}
/** Sets them, and waits until the process serves them by itself. */
async function setServed(traced: TracedCache, ids: readonly string[]): Promise<void> {
  for (const id of ids) await traced.cache.set('product', id, { id });
  await vi.waitFor(() => hitAll(traced, ids), soon);
  // Those hits are told of.
  aSecondPasses();
}
async function usesOf(ids: readonly string[]): Promise<number[]> {
  const uses: number[] = [];
  for (const id of ids) uses.push(Number(await bed.redis.object('FREQ', await keyOf(id))));
  return uses;
}
const sumOf = async (ids: readonly string[]) => (await usesOf(ids)).reduce((sum, one) => sum + one, 0);

describe('a Redis that evicts', () => {
  it('keeps what is read in the process alone, and lets go what nobody reads any more', async () => {
    const traced = await open();
    const [hot, idle] = [idsOf('hot', 10), idsOf('idle', 10)];
    await setServed(traced, hot);
    for (const id of idle) await traced.cache.set('product', id, { id });
    // Once they were in demand.
    for (let n = 0; n < 20; n += 1) for (const id of idle) await traced.cache.get('product', id, { strict: true });
    for (let n = 0; n < 60; n += 1) {
      await hitAll(traced, hot);
      aSecondPasses();
    }
    await vi.waitFor(async () => expect(Math.min(...(await usesOf(hot)))).toBeGreaterThan(60), soon);
    const keysOf = (ids: readonly string[]) => Promise.all(ids.map((id) => keyOf(id)));
    const [hotKeys, idleKeys] = [await keysOf(hot), await keysOf(idle)];
    const used = Number(/used_memory:(\d+)/.exec(await bed.redis.info('memory'))?.[1]);
    // Room for what connections take for a moment.
    await bed.redis.config('SET', 'maxmemory-samples', '64', 'maxmemory', String(used + (2 << 20)));
    for (let n = 0; (await bed.redis.exists(idleKeys)) > 0; n += 1) {
      expect(n).toBeLessThan(1_000);
      // Newcomers, in demand more than those and less than these.
      const pipeline = bed.redis.pipeline().set(`newcomer ${n}`, 'x'.repeat(20_000), 'EX', 600);
      for (let use = 0; use < 30; use += 1) pipeline.touch(`newcomer ${n}`);
      await pipeline.exec();
    }
    expect(await bed.redis.exists(hotKeys)).toBe(hot.length);
    await hitAll(traced, hot);
  });

  it('by what was used least lately: a key that is hit is not idle', async () => {
    await bed.redis.config('SET', 'maxmemory-policy', 'volatile-lru');
    const traced = await open();
    await traced.cache.set('product', 'idle', 1);
    await setServed(traced, ['hot']);
    const idleS = async (id: string) => Number(await bed.redis.object('IDLETIME', await keyOf(id)));
    await vi.waitFor(async () => {
      await hitAll(traced, ['hot']);
      aSecondPasses();
      expect((await idleS('idle')) - (await idleS('hot'))).toBeGreaterThanOrEqual(2);
    }, soon);
  });
});

describe('the hits that Redis is told of', () => {
  it('are told once for each key and second, in one command, and none without a hit', async () => {
    const traced = await open();
    const ids = idsOf('key', 10);
    await setServed(traced, ids);
    await vi.waitFor(async () => expect(await touches()).toBe(1), soon);
    const before = await usesOf(ids);
    for (let n = 0; n < 5; n += 1) await hitAll(traced, ids.slice(0, 4));
    aSecondPasses();
    aSecondPasses();
    await vi.waitFor(async () => expect(await touches()).toBe(2), soon);
    expect(await usesOf(ids)).toEqual(before.map((uses, at) => (at < 4 ? uses + 1 : uses)));
    aSecondPasses();
    await traced.cache.get('product', ids[0] ?? '', { strict: true });
    expect(await touches()).toBe(2);
  });

  it('are of so many keys at most, however many are hit', async () => {
    const traced = await open();
    const ids = idsOf('key', 300);
    await setServed(traced, ids);
    await vi.waitFor(async () => expect(await touches()).toBe(1), soon);
    const before = await sumOf(ids);
    await hitAll(traced, ids);
    aSecondPasses();
    await vi.waitFor(async () => expect(await touches()).toBe(2), soon);
    expect((await sumOf(ids)) - before).toBe(256);
  });

  it('are told on a connection that Redis does not track: what the process has dropped it need not hear of again', async () => {
    const traced = await open();
    await setServed(traced, ['1', '2']);
    await vi.waitFor(async () => expect(await touches()).toBe(1), soon);
    const tracked = async () => Number(/tracking_total_keys:(\d+)/.exec(await bed.redis.info('stats'))?.[1]);
    await hitAll(traced, ['1', '2']);
    const before = await tracked();
    await bed.redis.del(await keyOf('1'));
    expect(await tracked()).toBe(before - 1);
    aSecondPasses();
    await vi.waitFor(async () => expect(await touches()).toBe(2), soon);
    expect(await tracked()).toBe(before - 1);
  });

  it('are forgotten while nothing is served, and by a cache that is closed', async () => {
    const traced = await open();
    await setServed(traced, ['1']);
    await vi.waitFor(async () => expect(await touches()).toBe(1), soon);
    await hitAll(traced, ['1']);
    clock.jumpMs = 60_001;
    aSecondPasses();
    clock.jumpMs = 0;
    await hitAll(traced, ['1']);
    const late = clock.waiting(SECOND_MS);
    await traced.cache.close();
    expect(clock.waiting(SECOND_MS)).toEqual([]);
    for (const run of late) run();
    expect(await touches()).toBe(1);
  });

  it('refused: said once, and told again as soon as they are taken', async () => {
    await bed.redis.call('ACL', 'SETUSER', 'untouched', 'on', '>pw', '~*', '&*', '+@all', '-touch');
    const traced = await open(bed.server.url.replace('redis://', 'redis://untouched:pw@'));
    const untold = () => traced.events.filter((event) => event.type === 'l1.untold');
    const refused = async () => Number(/cmdstat_touch:.*rejected_calls=(\d+)/.exec(await bed.redis.info('commandstats'))?.[1] ?? 0);
    await setServed(traced, ['1']);
    await vi.waitFor(() => expect(untold()).toHaveLength(1), soon);
    for (let n = 2; n < 5; n += 1) {
      await hitAll(traced, ['1']);
      aSecondPasses();
      await vi.waitFor(async () => expect(await refused()).toBe(n), soon);
    }
    expect(untold()).toEqual([{ type: 'l1.untold', reason: expect.stringContaining('NOPERM') }]);
    await bed.redis.call('ACL', 'SETUSER', 'untouched', '+touch');
    const [before = 0] = await usesOf(['1']);
    await hitAll(traced, ['1']);
    aSecondPasses();
    await vi.waitFor(async () => expect(await usesOf(['1'])).toEqual([before + 1]), soon);
    await bed.redis.call('ACL', 'DELUSER', 'untouched');
  });
});
