import { describe, expect, it, vi } from 'vitest';
import type { CacheEvent } from '../../engine/events.ts';
import type { Explanation, NextRead } from '../../engine/explain-key.ts';
import { framesKey, showVersion } from '../../engine/keys.ts';
import { runScript } from '../../engine/redis/run-pipeline.ts';
import { bumpVersion } from '../../engine/scripts.ts';
import { frame } from '../../engine/wire/frame.ts';
import { keySpaceOf, token } from './key-space.ts';
import { manualClock } from './manual-clock.ts';
import { countingLoader, deferred, patient } from './open-caches.ts';
import { redisBed } from './redis-bed.ts';

const ref = { env: 'test', service: 'shop' };
const bed = redisBed(patient);
const { caches } = bed;
const { record, recordKey, keyOf, leaseOf, putEntry } = keySpaceOf(() => bed.redis);

const policies = { product: { ttl: '10min', staleWindow: '1min', earlyRefresh: 0.8 }, order: { strategy: 'none' } } as const;
const fresh = { createdMs: -60_000, freshMs: 540_000, expiresMs: 600_000 };
const nearEnd = { createdMs: -540_000, freshMs: 60_000, expiresMs: 120_000 };
const stale = { createdMs: -600_000, freshMs: -30_000, expiresMs: 60_000 };

/** All of the service's keys with their bytes and ends; not what the heartbeat writes. */
async function everything(): Promise<unknown> {
  const keys = (await bed.redis.keys('*')).filter((key) => !/:(frames|instances)$|^sideboard:services$/.test(key)).sort();
  return Promise.all(keys.map(async (key) => [key, await bed.redis.dump(key), await bed.redis.pexpiretime(key)]));
}

/** What a read did, in the words of `explain`. */
function does(events: readonly CacheEvent[]): NextRead | null {
  const outcome = events.flatMap((event) => (event.type === 'read' ? [event.outcome] : []))[0];
  const load = events.find((event) => event.type === 'load.started');
  if (outcome === 'hit' || outcome === 'stale')
    return load?.reason === 'early' || load?.reason === 'refresh' ? 'serve and refresh' : 'serve';
  if (load === undefined) return outcome === undefined ? null : 'wait';
  return load.leased ? 'load and fill' : 'load without filling';
}

interface State {
  name: string;
  arrange(): Promise<unknown>;
  expected: {
    tier: Explanation['tier'];
    freshness: Partial<Explanation['freshness']>;
    lease: Partial<NonNullable<Explanation['lease']>> | null;
    does: NextRead;
  };
}

const lease = (kind: 'L' | 'W') => async () => bed.redis.set(await leaseOf('1'), token(kind, 'somebody-else---'), 'PX', 60_000);
const heldBy = { holder: 'somebody-else---', own: false, waiters: 0 };
const then =
  (...steps: (() => Promise<unknown>)[]) =>
  async () => {
    for (const step of steps) await step();
  };

const states: State[] = [
  {
    name: 'no entry, no lease',
    arrange: () => Promise.resolve(),
    expected: { tier: 'none', freshness: { kind: 'missing' }, lease: null, does: 'load and fill' },
  },
  {
    name: 'no entry, another loads it',
    arrange: lease('L'),
    expected: { tier: 'none', freshness: { kind: 'missing' }, lease: { kind: 'load', ...heldBy }, does: 'wait' },
  },
  {
    name: 'no entry, another writes it',
    arrange: lease('W'),
    expected: { tier: 'none', freshness: { kind: 'missing' }, lease: { kind: 'write', ...heldBy }, does: 'load without filling' },
  },
  {
    name: 'fresh',
    arrange: () => putEntry('1', 'v', fresh),
    expected: { tier: 'redis', freshness: { kind: 'fresh', marked: false }, lease: null, does: 'serve' },
  },
  {
    name: 'fresh, near its end',
    arrange: () => putEntry('1', 'v', nearEnd),
    expected: { tier: 'redis', freshness: { kind: 'fresh', marked: false }, lease: null, does: 'serve and refresh' },
  },
  {
    name: 'fresh, near its end, another loads it',
    arrange: then(() => putEntry('1', 'v', nearEnd), lease('L')),
    expected: { tier: 'redis', freshness: { kind: 'fresh' }, lease: { kind: 'load', ...heldBy }, does: 'serve' },
  },
  {
    name: 'stale by age',
    arrange: () => putEntry('1', 'v', stale),
    expected: { tier: 'redis', freshness: { kind: 'stale', marked: false }, lease: null, does: 'serve and refresh' },
  },
  {
    name: 'stale, another loads it',
    arrange: then(() => putEntry('1', 'v', stale), lease('L')),
    expected: { tier: 'redis', freshness: { kind: 'stale' }, lease: { kind: 'load', ...heldBy }, does: 'serve' },
  },
  {
    name: 'stale by a soft invalidation',
    arrange: then(
      () => putEntry('1', 'v', fresh),
      async () => bed.redis.setrange(await keyOf('1'), 4, Buffer.from([1, 1])),
    ),
    expected: { tier: 'redis', freshness: { kind: 'stale', marked: true }, lease: null, does: 'serve and refresh' },
  },
  {
    name: 'past its stale window',
    arrange: () => putEntry('1', 'v', { ...stale, expiresMs: -10_000, keptMs: 60_000 }),
    expected: { tier: 'none', freshness: { kind: 'expired' }, lease: null, does: 'load and fill' },
  },
  {
    name: 'bytes that are no entry',
    arrange: async () => bed.redis.set(await keyOf('1'), 'garbage', 'PX', 60_000),
    expected: { tier: 'none', freshness: { kind: 'unusable', problem: 'not an envelope' }, lease: null, does: 'load and fill' },
  },
  {
    name: 'bytes that are no entry, another writes it',
    arrange: then(async () => bed.redis.set(await keyOf('1'), 'garbage', 'PX', 60_000), lease('W')),
    expected: { tier: 'none', freshness: { kind: 'unusable' }, lease: { kind: 'write', ...heldBy }, does: 'load without filling' },
  },
  {
    name: 'no version record',
    arrange: () => bed.redis.del(recordKey),
    expected: { tier: 'none', freshness: { kind: 'unknown' }, lease: null, does: 'load and fill' },
  },
  {
    name: 'a version record that went back',
    arrange: () => bed.redis.set(recordKey, '1 1 - -'),
    expected: { tier: 'none', freshness: { kind: 'unknown' }, lease: null, does: 'load without filling' },
  },
  {
    name: "another server's version record",
    arrange: async () => bed.redis.set(recordKey, `${(await record()).rev} ${(await record()).ns} - ${'f'.repeat(40)}`),
    expected: { tier: 'none', freshness: { kind: 'unknown' }, lease: null, does: 'load and fill' },
  },
];

describe('explain', () => {
  it.each(states)('$name: says what stands, changes nothing, and the next read does what it said', async ({ arrange, expected }) => {
    const { cache, events } = await caches.open({ policies });
    await cache.peek('product', 'warm');
    await arrange();
    const before = await everything();
    events.splice(0);
    const explained = await cache.explain('product', '1');
    expect(await cache.explain('product', '1')).toMatchObject({ next: explained.next });
    expect(explained).toMatchObject({
      entity: 'product',
      id: '1',
      tier: expected.tier,
      freshness: expected.freshness,
      lease: expected.lease,
    });
    expect(explained.next.does).toBe(expected.does);
    expect(explained.next.why).not.toBe('');
    expect(events).toEqual([]);
    expect(await everything()).toEqual(before);

    const read = cache.getOrSet('product', '1', () => Promise.resolve('loaded'));
    if (expected.does === 'wait') {
      // Listed with the holder; it takes what the holder leaves.
      await vi.waitFor(async () => expect(await bed.redis.strlen(await leaseOf('1'))).toBe(40));
      expect(does(events)).toBeNull();
      await putEntry('1', "the holder's", fresh);
      expect(await read).toBe("the holder's");
    } else await read;
    await vi.waitFor(() => expect(does(events)).toBe(expected.does));
    await cache.close();
    expect(does(events)).toBe(expected.does);
  });

  it('tells version, key and what an undo would bring back', async () => {
    const { cache } = await caches.open({ policies });
    const { ns: first } = await record();
    expect(await cache.explain('product', 'a:b')).toMatchObject({ version: showVersion(first), previous: null, key: await keyOf('a:b') });
    await cache.bumpVersion('product');
    const { ns } = await record();
    expect(await cache.explain('product', '1')).toMatchObject({
      version: showVersion(ns),
      previous: showVersion(first),
      key: await keyOf('1'),
    });
  });

  it('asks under the version that stands, though nobody has told of it', async () => {
    const { cache } = await caches.open({ policies });
    await putEntry('1', 'v', fresh);
    expect(await cache.peek('product', '1')).toMatchObject({ kind: 'fresh' });
    const { rev } = await record();
    await runScript(bed.redis, bumpVersion, [recordKey], [rev, '-', rev]);
    const { ns, prev } = await record();
    expect(await cache.explain('product', '1')).toMatchObject({
      version: showVersion(ns),
      previous: showVersion(prev ?? ''),
      key: await keyOf('1'),
      tier: 'none',
      freshness: { kind: 'missing' },
      next: { does: 'load and fill' },
    });
  });

  it('tells whose lease it is, who waits, and how long it has left', async () => {
    const [a, b] = [await caches.open({ policies }), await caches.open({ policies })];
    const answer = deferred<string>();
    const { load, calls } = countingLoader(() => answer.promise);
    const reads = [a.cache.getOrSet('product', '1', load)];
    await vi.waitFor(() => expect(calls()).toBe(1));
    reads.push(b.cache.getOrSet('product', '1', load));
    await vi.waitFor(async () => expect(await bed.redis.strlen(await leaseOf('1'))).toBe(40));
    const [own, others] = [await a.cache.explain('product', '1'), await b.cache.explain('product', '1')];
    expect(own).toMatchObject({ lease: { kind: 'load', own: true, waiters: 1 }, next: { does: 'wait' } });
    expect(others).toMatchObject({ lease: { kind: 'load', own: false, waiters: 1, holder: own.lease?.holder }, next: { does: 'wait' } });
    expect(own.lease?.leftMs).toBeGreaterThan(0);
    expect(own.lease?.leftMs).toBeLessThanOrEqual(5_000);
    answer.resolve('v');
    expect(await Promise.all(reads)).toEqual(['v', 'v']);
  });

  it('a reader who has just asked for a refresh in vain pauses, and explain says so', async () => {
    const { cache, events } = await caches.open({ policies });
    await putEntry('1', 'v', stale);
    const failing = countingLoader(() => Promise.reject(new Error('origin down')));
    await cache.getOrSet('product', '1', failing.load);
    await vi.waitFor(async () => {
      expect(events.some((event) => event.type === 'load.failed')).toBe(true);
      expect(await bed.redis.exists(await leaseOf('1'))).toBe(0);
    });
    expect(await cache.explain('product', '1')).toMatchObject({ lease: null, next: { does: 'serve' } });
    expect(await cache.getOrSet('product', '1', failing.load)).toBe('v');
    expect(failing.calls()).toBe(1);
  });

  it.each([
    ['no entry', null, { tier: 'none', next: { does: 'fail' } }],
    [
      'an entry past its time, within staleIfError',
      { ...stale, expiresMs: -10_000, keptMs: 60_000 },
      { tier: 'redis', next: { does: 'serve' } },
    ],
    ['a stale entry', stale, { tier: 'redis', next: { does: 'serve' } }],
    ['an entry near its end', nearEnd, { tier: 'redis', next: { does: 'serve' } }],
  ])('tells of an error that is given again (errorTtl): %s', async (_what, entry, expected) => {
    const failing = { product: { ...policies.product, staleIfError: '1min', errorTtl: '1min' } } as const;
    const { cache, events } = await caches.open({ policies: failing });
    const { load, calls } = countingLoader(() => Promise.reject(new Error('down')));
    await expect(cache.getOrSet('product', '1', load)).rejects.toThrow('down');
    await vi.waitFor(async () => expect(await bed.redis.exists(await leaseOf('1'))).toBe(0));
    if (entry !== null) await putEntry('1', 'v', entry);
    const told = await cache.explain('product', '1');
    expect(told).toMatchObject(expected);
    expect(told.next.why).toContain('failed');
    const read = cache.getOrSet('product', '1', load);
    if (expected.next.does === 'fail') await expect(read).rejects.toThrow('down');
    else expect(await read).toBe('v');
    // A refresh would have been asked for by now.
    await cache.get('product', '2');
    expect(calls()).toBe(1);
    expect(events.filter((event) => event.type === 'load.started')).toHaveLength(1);
  });

  it.each<[string, () => Promise<unknown>, () => Promise<unknown>]>([
    [
      'Redis has not acknowledged an invalidation',
      () => bed.redis.config('SET', 'min-replicas-to-write', '1'),
      () => bed.redis.config('SET', 'min-replicas-to-write', '0'),
    ],
    ['its record is lost', () => bed.redis.flushall(), () => Promise.resolve()],
    ['Redis is gone', () => bed.server.kill(), () => bed.server.restart()],
  ])('tells of such an error also where %s', async (_what, trouble, mend) => {
    const failing = { product: { ...policies.product, errorTtl: '1min' } } as const;
    // Nothing is repeated meanwhile, which would have it loaded again.
    const { cache } = await caches.open({ policies: failing }, { clock: manualClock() });
    await cache.set('product', '1', 'v');
    const { load, calls } = countingLoader(() => Promise.reject(new Error('down')));
    await trouble();
    try {
      await cache.invalidate('product', '1').catch(() => 'not acknowledged');
      const read = () => expect(cache.getOrSet('product', '1', load)).rejects.toThrow('down');
      await read();
      await trouble();
      expect(await cache.explain('product', '1')).toMatchObject({ tier: 'none', next: { does: 'fail' } });
      await read();
      expect(calls()).toBe(1);
    } finally {
      await mend();
    }
  });

  it('by xfetch says "perhaps" where chance decides', async () => {
    const { cache } = await caches.open();
    await putEntry('1', 'v', { ...nearEnd, loadCostMs: 60_000 });
    expect(await cache.explain('product', '1')).toMatchObject({ next: { does: 'serve and perhaps refresh' } });
    await putEntry('1', 'v', { ...nearEnd, loadCostMs: 1 });
    expect(await cache.explain('product', '1')).toMatchObject({ next: { does: 'serve' } });
  });

  it('an entity that is never cached is loaded each time', async () => {
    const { cache, events } = await caches.open({ policies });
    expect(await cache.explain('order', '1')).toMatchObject({
      tier: 'none',
      version: null,
      key: null,
      next: { does: 'load without filling' },
    });
    expect(await cache.getOrSet('order', '1', () => Promise.resolve(1))).toBe(1);
    expect(does(events)).toBe('load without filling');
  });

  it('what Redis has not acknowledged is invalid here, and explain says so', async () => {
    const { cache, events } = await caches.open({ policies });
    await putEntry('1', 'v', fresh);
    await bed.redis.config('SET', 'min-replicas-to-write', '1');
    await expect(cache.invalidate('product', '1')).rejects.toMatchObject({ name: 'InvalidationNotAcknowledged' });
    await bed.redis.config('SET', 'min-replicas-to-write', '0');
    events.splice(0);
    expect(await cache.explain('product', '1')).toMatchObject({
      tier: 'none',
      freshness: { kind: 'fresh' },
      next: { does: 'load without filling' },
    });
    expect(await cache.getOrSet('product', '1', () => Promise.resolve('new'))).toBe('new');
    expect(does(events)).toBe('load without filling');
  });

  it('counts no read', async () => {
    const { cache } = await caches.open({ policies });
    await putEntry('1', 'v', fresh);
    for (const id of ['1', '2']) await cache.explain('product', id);
    await cache.close();
    const items = await bed.redis.xrange(framesKey(ref), '-', '+');
    for (const [, fields] of items) {
      const counts = frame.parse(JSON.parse(fields[1] ?? '')).entities['product'];
      expect(counts).toMatchObject({ hits: 0, stale: 0, misses: 0, unavailable: 0, originCalls: 0 });
      expect(counts?.readUs).toBeUndefined();
    }
  });

  it('Redis refused, or gone: unknown, and the next read is answered by the origin', async () => {
    const { cache, events } = await caches.open({ policies });
    await cache.set('product', '1', 'v');
    const unavailable = {
      tier: 'none',
      version: null,
      freshness: { kind: 'unknown' },
      lease: null,
      next: { does: 'load without filling' },
    };
    await bed.redis.config('SET', 'min-replicas-to-write', '1');
    expect(await cache.explain('product', '1')).toMatchObject(unavailable);
    await bed.redis.config('SET', 'min-replicas-to-write', '0');
    await bed.server.kill();
    try {
      expect(await cache.explain('product', '1')).toMatchObject(unavailable);
      events.splice(0);
      expect(await cache.getOrSet('product', '1', () => Promise.resolve('loaded'))).toBe('loaded');
      expect(does(events)).toBe('load without filling');
    } finally {
      await bed.server.restart();
    }
  });
});
