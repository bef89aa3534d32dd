import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { l1, l1Bed, policies } from './l1-bed.ts';
import { isLocal, localHits, served, soon } from './local-hits.ts';
import { countingLoader, type TracedCache } from './open-caches.ts';
import { toldClock } from './told-clock.ts';

const { bed, openServing } = l1Bed();
const { caches } = bed;

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
    const clock = toldClock();
    const traced = await openServing({}, { clock });
    clock.jumpMs = 4_000;
    expect(await isLocal(traced, '1')).toBe(true);
    clock.jumpMs = 5_001;
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
        const before = localHits(traced);
        expect(await read()).toEqual(wanted);
        expect(localHits(traced)).toBe(before);
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
    const clock = toldClock();
    const traced = await openServing({ policies: { product: { ...policies.product, outageStale: true } } }, { clock });
    const { load } = countingLoader(() => Promise.resolve({ v: 'origin' }));
    bed.server.pause();
    try {
      // Past its TTL and its stale window.
      clock.jumpMs = 21 * 60_000;
      await vi.waitFor(async () => expect(await traced.cache.getOrSet('product', '1', load)).toEqual({ v: 'origin' }), soon);
    } finally {
      bed.server.resume();
    }
  });
});
