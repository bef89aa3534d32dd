import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../engine/clock.ts';
import type { CacheEvent } from '../../engine/events.ts';

import { keySpaceOf } from './key-space.ts';
import { countingLoader, type TracedCache } from './open-caches.ts';
import { redisBed } from './redis-bed.ts';

const soon = { timeout: 10_000, interval: 10 };
const bed = redisBed({ deadlineMs: 500 });
const { caches } = bed;
const { keyOf } = keySpaceOf(() => bed.redis);

const l1 = { boundMs: 5_000 };
const policies = { product: { ttl: '10min', staleWindow: '10min', earlyRefresh: 'off' as const } };

/** A proxy whose links can be silenced: what Redis says on one, its end included, no longer reaches the client. */
async function muteProxy(target: number) {
  const links = new Map<number, { client: Socket; redis: Socket }>();
  const listener = createServer((client) => {
    const link = { client, redis: connect(target, '127.0.0.1') };
    link.redis.on('connect', () => links.set(link.redis.localPort ?? 0, link));
    client.pipe(link.redis);
    link.redis.pipe(client);
    for (const socket of [client, link.redis]) socket.on('error', () => {});
  });
  await once(listener.listen(0, '127.0.0.1'), 'listening');
  const address = listener.address();
  return {
    url: `redis://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    mute(port: number) {
      const link = links.get(port);
      if (link === undefined) throw new Error(`no link from port ${port}`);
      link.redis.unpipe(link.client);
      link.client.unpipe(link.redis);
      link.redis.resume();
      link.client.resume();
    },
    close() {
      for (const { client, redis: upstream } of links.values()) for (const socket of [client, upstream]) socket.destroy();
      listener.close();
    },
  };
}
const clientsOf = async (type: string) => String(await bed.redis.call('CLIENT', 'LIST', 'TYPE', type)).split('\n');
const localHits = (events: readonly CacheEvent[]) => events.filter((event) => event.type === 'read' && event.tier === 'l1').length;

/** True if this read was answered by the process. */
async function isLocal({ cache, events }: TracedCache, id: string): Promise<boolean> {
  const before = localHits(events);
  await cache.get('product', id);
  return localHits(events) > before;
}
/** Waits until the process serves the key by itself. */
const served = (traced: TracedCache, id = '1') => vi.waitFor(async () => expect(await isLocal(traced, id)).toBe(true), soon);
const openServing = async (options: object = {}, parts: object = {}) => {
  const traced = await caches.open({ l1, policies, ...options }, parts);
  await traced.cache.set('product', '1', { v: 'old' });
  await served(traced);
  return traced;
};

describe('a hit in the process', () => {
  it('asks Redis nothing, is counted once, and every caller gets the same frozen value', async () => {
    const traced = await openServing();
    const asked = async () => /cmdstat_mget:calls=(\d+)/.exec(await bed.redis.info('commandstats'))?.[1];
    const before = await asked();
    const values = await Promise.all([1, 2, 3].map(() => traced.cache.getOrSet('product', '1', () => Promise.reject(new Error('no')))));
    expect(await asked()).toBe(before);
    expect(new Set(values).size).toBe(1);
    expect(Object.isFrozen(values[0])).toBe(true);
    expect(await traced.cache.explain('product', '1')).toMatchObject({ tier: 'l1', next: { does: 'serve' } });
  });

  it('is off unless the cache and the policy ask for it', async () => {
    const off = await caches.open({ policies });
    const out = await caches.open({ l1, policies: { product: { ...policies.product, l1: false } } });
    for (const traced of [off, out]) {
      await traced.cache.set('product', '1', 'v');
      for (let n = 0; n < 5; n += 1) expect(await isLocal(traced, '1')).toBe(false);
    }
  });

  it('ends when the entry is stale, and the stale entry is refreshed as ever', async () => {
    let jumpMs = 0;
    const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + jumpMs };
    const traced = await openServing(
      { policies: { product: { ...policies.product, ttl: '1min', jitter: 0 } }, l1: { boundMs: 60_000 } },
      { clock },
    );
    const { load, calls } = countingLoader(() => Promise.resolve({ v: 'new' }));
    jumpMs = 59_000;
    expect(await traced.cache.getOrSet('product', '1', load)).toEqual({ v: 'old' });
    expect(calls()).toBe(0);
    jumpMs = 61_000;
    const before = localHits(traced.events);
    await traced.cache.getOrSet('product', '1', load);
    expect(localHits(traced.events)).toBe(before);
    await vi.waitFor(() => expect(calls()).toBe(1), soon);
  });

  it('a value that cannot be frozen is answered by Redis each time', async () => {
    const traced = await caches.open({ l1, policies: { product: { ...policies.product, codec: 'msgpack' } } });
    await traced.cache.set('product', '1', { at: new Date(5) });
    await traced.cache.set('product', '2', { at: 5 });
    await served(traced, '2');
    expect(await isLocal(traced, '1')).toBe(false);
    expect(await traced.cache.get('product', '1')).toEqual({ at: new Date(5) });
  });
});

describe('what happens elsewhere', () => {
  const changes: [string, (other: TracedCache) => Promise<unknown>, unknown][] = [
    ['a hard invalidation', ({ cache }) => cache.invalidate('product', '1'), undefined],
    ['a set', ({ cache }) => cache.set('product', '1', { v: 'new' }), { v: 'new' }],
    ['a bump', ({ cache }) => cache.bumpVersion('product'), undefined],
    ['DEL by hand', async () => bed.redis.del(await keyOf('1')), undefined],
    ['expiry', async () => bed.redis.pexpire(await keyOf('1'), 1), undefined],
    ['FLUSHALL', () => bed.redis.flushall(), undefined],
    ['rubbish in its place', async () => bed.redis.set(await keyOf('1'), 'rubbish', 'PX', 60_000), undefined],
  ];
  it.each(changes)('%s reaches the process', async (_name, change, value) => {
    const [traced, other] = [await openServing(), await caches.open({ policies })];
    await change(other);
    await vi.waitFor(async () => expect(await traced.cache.get('product', '1')).toEqual(value), soon);
    for (let n = 0; n < 5; n += 1) expect(await traced.cache.get('product', '1')).toEqual(value);
  });

  it('a soft invalidation reaches the process: nothing is called fresh any more', async () => {
    const [traced, other] = [await openServing(), await caches.open({ policies })];
    await other.cache.invalidate('product', '1', { mode: 'soft' });
    await vi.waitFor(async () => expect(await isLocal(traced, '1')).toBe(false), soon);
    expect(await traced.cache.peek('product', '1')).toMatchObject({ kind: 'stale' });
    expect(await isLocal(traced, '1')).toBe(false);
  });

  it('the undo of a bump reaches the process', async () => {
    const [traced, other] = [await openServing(), await caches.open({ policies })];
    await other.cache.bumpVersion('product');
    await other.cache.set('product', '2', { v: 'of the bumped version' });
    await served(traced, '2');
    await other.cache.undoBump('product');
    await vi.waitFor(async () => expect(await traced.cache.get('product', '1')).toEqual({ v: 'old' }), soon);
  });

  it('an eviction reaches the process', async () => {
    const traced = await openServing();
    const key = await keyOf('1');
    await bed.redis.config('SET', 'maxmemory-policy', 'allkeys-random');
    await bed.redis.config('SET', 'maxmemory', '1');
    try {
      await vi.waitFor(async () => expect(await bed.redis.exists(key)).toBe(0), soon);
      await vi.waitFor(async () => expect(await isLocal(traced, '1')).toBe(false), soon);
    } finally {
      await bed.redis.config('SET', 'maxmemory', '0');
      await bed.redis.config('SET', 'maxmemory-policy', 'noeviction');
    }
  });
});

describe('own changes', () => {
  it('are seen by the next read, however the messages travel', async () => {
    const traced = await openServing();
    const { cache } = traced;
    for (let round = 0; round < 30; round += 1) {
      await served(traced);
      // Reads that are on their way while the key changes must not bring the old value back.
      const reads = Array.from({ length: 5 }, () => cache.get('product', '1'));
      await cache.set('product', '1', { round });
      expect(await cache.get('product', '1')).toEqual({ round });
      await Promise.all(reads);
      expect(await cache.get('product', '1')).toEqual({ round });
      await served(traced);
      await cache.invalidate('product', '1');
      expect(await cache.get('product', '1')).toBeUndefined();
      await cache.set('product', '1', { again: round });
      await served(traced);
      await cache.bumpVersion('product');
      expect(await cache.get('product', '1')).toBeUndefined();
      await cache.undoBump('product');
      expect(await cache.get('product', '1')).toEqual({ again: round });
    }
  });

  it('an invalidation that Redis did not take is felt here all the same', async () => {
    const traced = await openServing();
    await bed.redis.call('CLIENT', 'PAUSE', '1500', 'WRITE');
    await expect(traced.cache.invalidate('product', '1')).rejects.toMatchObject({ name: 'InvalidationNotAcknowledged' });
    expect(await isLocal(traced, '1')).toBe(false);
  });
});

describe('a link that cannot be trusted', () => {
  const suspended = (traced: TracedCache) => traced.events.filter((event) => event.type === 'l1.suspended').length;

  it.each(['pubsub', 'normal'])('CLIENT KILL TYPE %s: nothing of before is served, and it begins again by itself', async (type) => {
    const traced = await openServing();
    const other = await caches.open({ policies });
    const own = await bed.redis.client('ID');
    for (const line of await clientsOf(type)) {
      const id = /^id=(\d+) /.exec(line)?.[1];
      if (id !== undefined && Number(id) !== own) await bed.redis.client('KILL', 'ID', id).catch(() => {});
    }
    await vi.waitFor(() => expect(suspended(traced)).toBeGreaterThan(0), soon);
    await vi.waitFor(async () => other.cache.set('product', '1', { v: 'new' }), soon);
    await vi.waitFor(async () => expect(await traced.cache.get('product', '1')).toEqual({ v: 'new' }), soon);
    await served(traced);
    expect(await traced.cache.get('product', '1')).toEqual({ v: 'new' });
  });

  it('tracking that Redis refuses: never served, and every read is answered', async () => {
    await bed.redis.call('ACL', 'SETUSER', 'untracked', 'on', '>pw', '~*', '&*', '+@all', '-client', '+client|id', '+client|setname');
    const url = bed.server.url.replace('redis://', 'redis://untracked:pw@');
    const traced = await caches.open({ l1, policies, redis: url });
    await traced.cache.set('product', '1', 'v');
    for (let n = 0; n < 20; n += 1) expect(await isLocal(traced, '1')).toBe(false);
    expect(await traced.cache.get('product', '1')).toBe('v');
    await bed.redis.call('ACL', 'DELUSER', 'untracked');
  });

  it('a subscriber that is gone and cannot come back: not served until it can', async () => {
    const traced = await openServing({ l1: { boundMs: 400 } });
    const before = suspended(traced);
    // A redirection whose target is gone: the subscriber is killed, and cannot come back while its channel is refused.
    await bed.redis.call('ACL', 'SETUSER', 'default', 'resetchannels', '&sideboard:*');
    for (const one of await clientsOf('pubsub')) {
      const id = /^id=(\d+) /.exec(one)?.[1];
      if (id !== undefined) await bed.redis.client('KILL', 'ID', id).catch(() => {});
    }
    await vi.waitFor(() => expect(suspended(traced)).toBeGreaterThan(before), soon);
    for (let n = 0; n < 20; n += 1) expect(await isLocal(traced, '1')).toBe(false);
    await bed.redis.call('ACL', 'SETUSER', 'default', 'allchannels');
    await served(traced);
  });

  it('a read connection that Redis has closed behind a silent link is found out within the bound', async () => {
    const proxy = await muteProxy(bed.server.port);
    try {
      const traced = await openServing({ redis: proxy.url, l1: { boundMs: 400 } });
      const other = await caches.open({ policies });
      const before = suspended(traced);
      // Redis forgets what it tracked for the reading client, which hears nothing of its end; the subscriber's link lives on.
      const reader = (await clientsOf('normal')).find((line) => line.includes('name=sideboard-read ') && / flags=t/.test(line));
      const port = Number(/ addr=[^ ]*:(\d+) /.exec(reader ?? '')?.[1]);
      proxy.mute(port);
      await bed.redis.client('KILL', 'ID', /^id=(\d+)/.exec(reader ?? '')?.[1] ?? '');
      await other.cache.set('product', '1', { v: 'new' });
      await vi.waitFor(() => expect(suspended(traced)).toBeGreaterThan(before), soon);
      await vi.waitFor(async () => expect(await traced.cache.get('product', '1')).toEqual({ v: 'new' }), soon);
      await served(traced);
      expect(await traced.cache.get('product', '1')).toEqual({ v: 'new' });
    } finally {
      await caches.closeAll();
      proxy.close();
    }
  });

  it('a process that was busy for longer than the bound serves nothing until it has asked again', async () => {
    let jumpMs = 0;
    const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + jumpMs };
    const traced = await openServing({}, { clock });
    jumpMs = 4_000;
    expect(await isLocal(traced, '1')).toBe(true);
    jumpMs = 5_001;
    expect(await isLocal(traced, '1')).toBe(false);
    await served(traced);
  });

  it('a server that became a replica is not believed', async () => {
    const traced = await openServing({ l1: { boundMs: 400 } });
    await bed.redis.call('REPLICAOF', '127.0.0.1', '1');
    try {
      await vi.waitFor(() => expect(suspended(traced)).toBeGreaterThan(0), soon);
      for (let n = 0; n < 20; n += 1) expect(await isLocal(traced, '1')).toBe(false);
    } finally {
      await bed.redis.call('REPLICAOF', 'NO', 'ONE');
    }
  });

  it.each([true, false])('a Redis that hangs: outageStale %s', async (outageStale) => {
    const traced = await openServing({ l1: { boundMs: 200 }, policies: { product: { ...policies.product, outageStale } } });
    const { load, calls } = countingLoader(() => Promise.resolve({ v: 'origin' }));
    const stored = await traced.cache.peek('product', '1');
    bed.server.pause();
    try {
      const read = () => traced.cache.getOrSet('product', '1', load);
      const wanted = { v: outageStale ? 'old' : 'origin' };
      await vi.waitFor(async () => {
        const before = localHits(traced.events);
        expect(await read()).toEqual(wanted);
        expect(localHits(traced.events)).toBe(before);
      }, soon);
      const last = traced.events.filter((event) => event.type === 'read').at(-1);
      expect(last).toMatchObject({ outcome: outageStale ? 'stale' : 'unavailable' });
      expect(calls() > 0).toBe(!outageStale);
      expect(await traced.cache.peek('product', '1')).toEqual(outageStale ? { ...stored, kind: 'stale' } : { kind: 'unavailable' });
      expect(await traced.cache.explain('product', '1')).toMatchObject({
        tier: outageStale ? 'l1' : 'none',
        local: { serves: false },
        next: { does: outageStale ? 'serve' : 'load without filling' },
      });
    } finally {
      bed.server.resume();
    }
    await served(traced);
  });

  it('a Redis that hangs: what has expired is not served, outageStale or not', async () => {
    let jumpMs = 0;
    const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + jumpMs };
    const traced = await openServing({ policies: { product: { ...policies.product, outageStale: true } } }, { clock });
    const { load } = countingLoader(() => Promise.resolve({ v: 'origin' }));
    bed.server.pause();
    try {
      // Past its TTL and its stale window.
      jumpMs = 21 * 60_000;
      await vi.waitFor(async () => expect(await traced.cache.getOrSet('product', '1', load)).toEqual({ v: 'origin' }), soon);
    } finally {
      bed.server.resume();
    }
  });
});

describe('a read that is overtaken', () => {
  it('is answered and not kept: its key changed while it was on its way', async () => {
    const traced = await openServing();
    const other = await caches.open({ policies });
    let writing = true;
    const writes = (async () => {
      for (let v = 1; v <= 200; v += 1) await other.cache.set('product', '1', { v });
    })().finally(() => {
      writing = false;
    });
    while (writing) {
      await Promise.all(Array.from({ length: 8 }, () => traced.cache.get('product', '1')));
      // Hits are answered without leaving the turn of the event loop: sockets need one.
      await new Promise(setImmediate);
    }
    await writes;
    await vi.waitFor(async () => expect(await traced.cache.get('product', '1')).toEqual({ v: 200 }), soon);
    await served(traced);
    expect(await traced.cache.get('product', '1')).toEqual({ v: 200 });
  });
});

describe('bounds', () => {
  it('no more is held than was allowed, whatever is read', async () => {
    const traced = await caches.open({ l1: { ...l1, itemsMax: 10 }, policies });
    await Promise.all(Array.from({ length: 50 }, (_, id) => traced.cache.set('product', `${id}`, { id })));
    await vi.waitFor(async () => {
      for (let id = 0; id < 50; id += 1) await traced.cache.get('product', `${id}`);
      expect(await isLocal(traced, '49')).toBe(true);
    }, soon);
    let held = 0;
    for (let id = 0; id < 50; id += 1) if ((await traced.cache.explain('product', `${id}`)).tier === 'l1') held += 1;
    expect(held).toBe(10);
  });
});
