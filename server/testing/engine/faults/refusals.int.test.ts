import { describe, expect, it, vi } from 'vitest';
import { resolveConnection } from '../../../engine/redis/connection.ts';
import { openClient } from '../../../engine/redis/open-client.ts';
import { TOKEN_LENGTH } from '../../../engine/scripts.ts';
import type { TracedCache } from '../open-caches.ts';
import { patient } from '../open-caches.ts';
import { countOf, faultBench, outcomesOf, soon } from './fault-bench.ts';

const bench = faultBench(patient);
const load = () => Promise.resolve('from the origin');

async function openFilled(options = {}): Promise<TracedCache> {
  const traced = await bench.openOverWire(options);
  await traced.cache.set('product', '1', 'v');
  expect(await traced.cache.get('product', '1')).toBe('v');
  return traced;
}

/** Redis is there and refuses: reads are the origin's and no misses, and nothing is acknowledged. */
async function expectRefused({ cache, events }: TracedCache) {
  const from = events.length;
  expect(await cache.getOrSet('product', '1', load)).toBe('from the origin');
  expect(await cache.get('product', '1')).toBeUndefined();
  await expect(cache.invalidate('product', '1')).rejects.toMatchObject({ name: 'InvalidationNotAcknowledged' });
  await expect(cache.bumpVersion('product')).rejects.toMatchObject({ name: 'InvalidationNotAcknowledged' });
  expect(outcomesOf(events.slice(from))).toEqual(['unavailable', 'unavailable']);
}

/** Nobody does anything but read, and what was put off is made good. */
async function expectRecovered({ cache, events }: TracedCache) {
  await vi.waitFor(() => expect(countOf(events, 'bump.replayed')).toBe(countOf(events, 'bump.deferred')), soon);
  await vi.waitFor(async () => {
    await cache.getOrSet('product', '2', load);
    expect(await cache.peek('product', '2')).toMatchObject({ kind: 'fresh' });
  }, soon);
}

/** Connections that were begun while it ran. */
async function linksDuring(work: () => Promise<void>): Promise<number> {
  let begun = 0;
  bench.proxy.onLink(() => {
    begun += 1;
  });
  await work();
  return begun;
}

describe('Redis refuses', () => {
  it('READONLY: a demoted primary is left, though not once for each command that it refused, and used again when it is a primary', async () => {
    const traced = await openFilled();
    const begun = new Set<number>();
    bench.proxy.onLink((link) => link.onHead(() => link.head.includes('sideboard-write') && begun.add(link.id)));
    await bench.redis.replicaof('127.0.0.1', 1);
    try {
      const ids = Array.from({ length: 50 }, (_, n) => String(n));
      const refused = await Promise.allSettled(ids.map((id) => traced.cache.invalidate('product', id)));
      expect(refused.map(({ status }) => status)).toEqual(ids.map(() => 'rejected'));
      await vi.waitFor(() => expect(begun.size).toBeGreaterThan(0), soon);
      expect(begun.size).toBeLessThan(10);
      await expectRefused(traced);
    } finally {
      await bench.redis.replicaof('NO', 'ONE');
    }
    await expectRecovered(traced);
  });

  it('MASTERDOWN: a replica that has lost its primary serves nothing', async () => {
    const traced = await openFilled();
    await bench.redis.config('SET', 'replica-serve-stale-data', 'no');
    await bench.redis.replicaof('127.0.0.1', 1);
    try {
      await expect(bench.redis.get('x')).rejects.toThrow(/MASTERDOWN/);
      await expectRefused(traced);
    } finally {
      await bench.redis.replicaof('NO', 'ONE');
      await bench.redis.config('SET', 'replica-serve-stale-data', 'yes');
    }
    await expectRecovered(traced);
  });

  it('NOREPLICAS: a primary that is cut off from its replicas serves nothing', async () => {
    const traced = await openFilled();
    await bench.redis.config('SET', 'min-replicas-to-write', '1');
    try {
      await expectRefused(traced);
    } finally {
      await bench.redis.config('SET', 'min-replicas-to-write', '0');
    }
    await expectRecovered(traced);
  });

  it('BUSY: a script that does not end makes no reader wait for its end', async () => {
    const traced = await openFilled();
    await bench.redis.config('SET', 'busy-reply-threshold', '50');
    const script = bench.server
      .client()
      .eval('while true do end', 0)
      .catch((error: unknown) => error);
    try {
      await vi.waitFor(() => expect(bench.redis.get('x')).rejects.toThrow(/BUSY/), soon);
      await expectRefused(traced);
    } finally {
      await bench.redis.script('KILL');
    }
    await script;
    await expectRecovered(traced);
  });

  it('maxclients: without a connection the origin answers, and the cache is back when there is room', async () => {
    const traced = await openFilled();
    for (const link of bench.proxy.links()) link.reset();
    await bench.redis.config('SET', 'maxclients', '1');
    try {
      expect(await traced.cache.getOrSet('product', '1', load)).toBe('from the origin');
      await expect(traced.cache.invalidate('product', '1')).rejects.toMatchObject({ name: 'InvalidationNotAcknowledged' });
      expect(countOf(traced.events, 'redis.unavailable')).toBe(1);
    } finally {
      await bench.redis.config('SET', 'maxclients', '10000');
    }
    await vi.waitFor(() => expect(countOf(traced.events, 'invalidation.replayed')).toBe(1), soon);
    await expectRecovered(traced);
  });
});

describe('a connection that is refused as soon as it stands', () => {
  it('is tried again at growing intervals, up to a second, one at a time', async () => {
    await bench.redis.replicaof('127.0.0.1', 1);
    const client = openClient(resolveConnection(bench.server.url), 'write', { random: () => 1 });
    const delaysMs: unknown[] = [];
    const refusals: Promise<unknown>[] = [];
    client.on('reconnecting', (delayMs: unknown) => delaysMs.push(delayMs));
    client.on('ready', () => refusals.push(client.set('x', '1').catch((error: unknown) => error)));
    try {
      await vi.waitFor(() => expect(delaysMs.slice(0, 6)).toEqual([50, 100, 200, 400, 800, 1_000]), soon);
      for (const refusal of refusals) expect(await refusal).toMatchObject({ message: expect.stringMatching(/^READONLY/) });
    } finally {
      client.disconnect();
      await bench.redis.replicaof('NO', 'ONE');
    }
  });
});

describe('Redis refuses this user', () => {
  const asUser = () => ({ redis: { host: '127.0.0.1', port: bench.proxy.port, username: 'app', password: 'right' } });

  it('NOPERM while it runs: the origin answers, the connections stay, and all works again when it may', async () => {
    await bench.redis.acl('SETUSER', 'app', 'on', '>right', '~*', '&*', '+@all');
    const traced = await openFilled(asUser());
    await bench.redis.acl('SETUSER', 'app', '-getex', '-evalsha', '-eval');
    const links = bench.proxy.links();
    await expectRefused(traced);
    await bench.redis.acl('SETUSER', 'app', '+@all');
    await expectRecovered(traced);
    expect(bench.proxy.links()).toEqual(links);
  });

  it('WRONGPASS while it runs: told of once with its reason, no reader causes an attempt, and the right password opens it again', async () => {
    await bench.redis.acl('SETUSER', 'app', 'on', '>right', '~*', '&*', '+@all');
    const traced = await openFilled(asUser());
    await bench.redis.acl('SETUSER', 'app', 'resetpass', '>other');
    await bench.redis.call('CLIENT', 'KILL', 'USER', 'app');
    await vi.waitFor(async () => expect((await traced.cache.peek('product', '1')).kind).toBe('unavailable'), soon);
    const begun = await linksDuring(async () => {
      for (let n = 0; n < 500; n += 1) expect(await traced.cache.getOrSet('product', '1', load)).toBe('from the origin');
    });
    expect(begun).toBeLessThan(100);
    await bench.redis.acl('SETUSER', 'app', '>right');
    await expectRecovered(traced);
    expect([countOf(traced.events, 'redis.unavailable'), countOf(traced.events, 'redis.available')]).toEqual([1, 1]);
  });

  it('the channels are refused: nothing is pushed and nothing breaks, waiters look again by themselves', async () => {
    await bench.redis.acl('SETUSER', 'app', 'on', '>right', '~*', 'resetchannels', '+@all');
    const holder = await bench.openOverWire(asUser());
    const waiter = await bench.openOverWire(asUser());
    let release = (_: string) => {};
    const loading = new Promise<string>((resolve) => {
      release = resolve;
    });
    const first = holder.cache.getOrSet('product', '1', () => loading);
    await vi.waitFor(() => expect(countOf(holder.events, 'load.started')).toBe(1), soon);
    const second = waiter.cache.getOrSet('product', '1', load);
    const lease = await bench.keys.leaseOf('1');
    await vi.waitFor(async () => expect((await bench.redis.strlen(lease)) > TOKEN_LENGTH).toBe(true), soon);
    release('loaded once');
    expect(await Promise.all([first, second])).toEqual(['loaded once', 'loaded once']);
    expect(countOf(waiter.events, 'load.started')).toBe(0);
    expect(await holder.cache.invalidate('product', '1')).toMatchObject({ removed: 1 });
    expect(await waiter.cache.get('product', '1')).toBeUndefined();
    expect(await holder.cache.bumpVersion('product')).toMatchObject({ ackedBy: [] });
  });
});
