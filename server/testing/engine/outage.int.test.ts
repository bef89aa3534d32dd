import { mkdirSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { keySpaceOf } from './key-space.ts';
import { countingLoader } from './open-caches.ts';
import { redisBed } from './redis-bed.ts';

const bed = redisBed({ deadlineMs: 300 });
const { caches } = bed;
const { keyOf } = keySpaceOf(() => bed.redis);

const origin = () => countingLoader((call) => Promise.resolve(`loaded ${call}`));

describe('Redis in trouble', () => {
  it('killed: the origin answers, as unavailable and never as a miss; hits are back with it', async () => {
    const { cache, events } = await caches.open();
    await cache.set('product', '1', 'v');
    const { load } = origin();
    expect(await cache.getOrSet('product', '1', load)).toBe('v');
    await bed.server.kill();
    for (let n = 0; n < 20; n += 1) expect(await cache.getOrSet('product', '1', load)).toMatch(/^loaded/);
    expect(await cache.get('product', '1')).toBeUndefined();
    expect(await cache.peek('product', '1')).toEqual({ kind: 'unavailable' });
    await bed.server.restart();
    await vi.waitFor(async () => expect(await cache.peek('product', '1')).toEqual({ kind: 'miss' }), 5_000);
    // Each connection comes back at its own time: until the lease's has, loads are not stored.
    await vi.waitFor(async () => {
      await cache.getOrSet('product', '1', load);
      expect(await cache.peek('product', '1')).toMatchObject({ kind: 'fresh' });
    }, 20_000);
    const outcomes = events.flatMap((event) => (event.type === 'read' ? [event.outcome] : []));
    expect(outcomes.slice(0, 23)).toEqual(['hit', ...Array.from({ length: 21 }, () => 'unavailable'), 'miss']);
    expect(outcomes.slice(23)).not.toContain('unavailable');
    expect(events.filter((event) => event.type === 'redis.unavailable')).toHaveLength(1);
    expect(events.filter((event) => event.type === 'redis.available')).toHaveLength(1);
  });

  it('hung: each read is given up on at its deadline, then none waits at all; one outage; hits are back by themselves', async () => {
    const { cache, events } = await caches.open();
    await cache.set('product', '1', 'v');
    const { load } = origin();
    expect(await cache.getOrSet('product', '1', load)).toBe('v');
    bed.server.pause();
    try {
      for (let n = 0; n < 8; n += 1) expect(await cache.getOrSet('product', '1', load)).toMatch(/^loaded/);
      // By now the breaker is open or the socket given up: a read is answered in the turn it was asked in.
      let answered = false;
      const read = cache.getOrSet('product', '1', load).then(() => {
        answered = true;
      });
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      expect(answered).toBe(true);
      await read;
    } finally {
      bed.server.resume();
    }
    await vi.waitFor(async () => expect(await cache.get('product', '1')).toBe('v'), 5_000);
    expect(events.flatMap((event) => (event.type === 'read' ? [event.outcome] : []))).not.toContain('miss');
    expect(events.filter((event) => event.type === 'redis.unavailable')).toHaveLength(1);
    expect(events.filter((event) => event.type === 'redis.available')).toHaveLength(1);
  });

  it('killed: a caller that reads without end leaves the process its turns', async () => {
    const { cache } = await caches.open();
    await cache.set('product', '1', 'v');
    await bed.server.kill();
    try {
      await vi.waitFor(async () => expect(await cache.peek('product', '1')).toEqual({ kind: 'unavailable' }));
      let turned = false;
      setImmediate(() => {
        turned = true;
      });
      for (let n = 0; n < 10_000 && !turned; n += 1) await cache.get('product', '1');
      expect(turned).toBe(true);
    } finally {
      await bed.server.restart();
    }
  });

  it('never there: ready resolves, reads are answered, and the cache begins to work when Redis comes', async () => {
    await bed.server.kill();
    const { cache, events } = await caches.open();
    const { load } = origin();
    expect(await cache.getOrSet('product', '1', load)).toBe('loaded 1');
    expect(events.flatMap((event) => (event.type === 'read' ? [event.outcome] : []))).toEqual(['unavailable']);
    await bed.server.restart();
    await vi.waitFor(async () => {
      await cache.getOrSet('product', '1', load);
      expect(await cache.peek('product', '1')).toMatchObject({ kind: 'fresh' });
    }, 5_000);
  });

  it('a wrong password is a configuration error at ready, in one line, without the password', async () => {
    await bed.server.client().acl('SETUSER', 'someone', 'on', '>right', '~*', '&*', '+@all');
    const refused = caches.open({ redis: { host: '127.0.0.1', port: bed.server.port, username: 'someone', password: 'wr0ng-secret' } });
    await expect(refused).rejects.toMatchObject({ name: 'ConfigurationError', message: 'redis: Redis refused the user or password' });
  });

  it('a user who may not run what the engine needs is a configuration error at ready', async () => {
    await bed.server.client().acl('SETUSER', 'reader', 'on', '>right', '~*', '&*', '+@all', '-getex');
    const refused = caches.open({ redis: { host: '127.0.0.1', port: bed.server.port, username: 'reader', password: 'right' } });
    await expect(refused).rejects.toMatchObject({ name: 'ConfigurationError' });
  });

  it('scripts that the server has forgotten are sent again', async () => {
    const { cache } = await caches.open();
    await bed.server.client().script('FLUSH');
    await cache.set('product', '1', 'v');
    await bed.server.client().script('FLUSH');
    expect(await cache.invalidate('product', '1')).toMatchObject({ removed: 1 });
    await bed.server.client().script('FLUSH');
    const { load } = origin();
    await cache.getOrSet('product', '1', load);
    await vi.waitFor(async () => expect(await cache.get('product', '1')).toBe('loaded 1'));
  });

  /** While snapshots fail, and Redis refuses writes for it. */
  async function withoutSnapshots(run: () => Promise<void>): Promise<void> {
    const client = bed.server.client();
    const obstacle = path.join(bed.server.dir, 'dump.rdb');
    mkdirSync(obstacle);
    await client.config('SET', 'stop-writes-on-bgsave-error', 'yes');
    await client.config('SET', 'save', '3600 1');
    await client.bgsave();
    try {
      await vi.waitFor(async () => await expect(client.set('probe', '1')).rejects.toThrow(/MISCONF/), 5_000);
      await run();
    } finally {
      await client.config('SET', 'stop-writes-on-bgsave-error', 'no');
      await client.config('SET', 'save', '');
      rmdirSync(obstacle);
    }
  }

  it('snapshots that fail (MISCONF) leave reads working: a primary says that it is one', async () => {
    const { cache } = await caches.open();
    await cache.set('product', '1', 'v');
    await withoutSnapshots(async () => expect(await cache.get('product', '1')).toBe('v'));
  });

  it('a primary that is demoted while they fail says that it is none: unavailable, never a value', async () => {
    const { cache } = await caches.open();
    await cache.set('product', '1', 'v');
    await withoutSnapshots(async () => {
      await bed.redis.replicaof('127.0.0.1', 1);
      try {
        expect(await bed.redis.exists(await keyOf('1'))).toBe(1);
        expect(await cache.peek('product', '1')).toEqual({ kind: 'unavailable' });
        expect(await cache.get('product', '1')).toBeUndefined();
      } finally {
        await bed.redis.replicaof('NO', 'ONE');
      }
    });
  });

  it('out of memory: reads are answered, a write reaches the origin and is invalidated', async () => {
    const { cache, events } = await caches.open();
    await cache.set('product', '1', 'v');
    const client = bed.server.client();
    await client.config('SET', 'maxmemory', '1');
    try {
      const { load, calls } = origin();
      expect(await cache.getOrSet('product', '2', load)).toBe('loaded 1');
      await cache.set('product', '1', load);
      expect(calls()).toBe(2);
      expect(events.filter((event) => event.type === 'fill' && event.result === 'stored')).toEqual([]);
    } finally {
      await client.config('SET', 'maxmemory', '0');
    }
    expect(await cache.get('product', '1')).toBeUndefined();
  });
});
