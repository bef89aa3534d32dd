import { describe, expect, it, vi } from 'vitest';
import { createCacheWith } from '../../engine/create-cache.ts';
import { holdLinksTo } from './held-links.ts';
import { keySpaceOf } from './key-space.ts';
import { patient, type TracedCache } from './open-caches.ts';
import { redisBed } from './redis-bed.ts';

const FOREIGN = 'f'.repeat(40);
const product = { ttl: '10min', staleWindow: '1min' } as const;
const bed = redisBed(patient);
const { caches } = bed;
const { record, recordKey, keyOf } = keySpaceOf(() => bed.redis);

const replid = async () => /master_replid:(\w{40})/.exec(await bed.redis.info('replication'))?.[1];
const adoptions = (...traced: readonly TracedCache[]) =>
  traced.flatMap(({ events }) => events.filter((event) => event.type === 'version.adopted')).length;

/** What Redis held at its last SAVE is what it holds again, under a replid of its own. */
async function restartFromDump(): Promise<void> {
  await bed.server.kill();
  await bed.server.restart();
}
async function connectedAgain(traced: readonly TracedCache[]): Promise<void> {
  for (const { cache } of traced) {
    await vi.waitFor(async () => expect((await cache.peek('product', 'nobody')).kind).toBe('miss'), { timeout: 5_000, interval: 5 });
  }
}
/** The record as another server would have written it. */
async function makeForeign(): Promise<void> {
  const { rev, ns, prev } = await record();
  await bed.redis.set(recordKey, `${rev} ${ns} ${prev ?? '-'} ${FOREIGN}`);
}

describe('rule 12: a restart from an old dump', () => {
  it('old entries and old records are back, and nothing that was replaced is ever served', async () => {
    const [a, b] = [await caches.open(), await caches.open()];
    await a.cache.set('product', 'invalidated', 'old');
    await a.cache.set('product', 'set', 'old');
    await a.cache.set('product', 'untouched', 'same');
    const keys = await Promise.all(['invalidated', 'set', 'untouched'].map(keyOf));
    const before = await record();
    await bed.redis.save();
    await a.cache.invalidate('product', 'invalidated');
    await b.cache.set('product', 'set', 'new');
    expect(await record()).toEqual(before);
    await restartFromDump();
    // Both instances lived through it, and a third never knew the old bed.server.
    const c = await caches.open();
    // The two others may have been sent their invalidations again by now.
    expect(await bed.redis.exists(keys[2] ?? '')).toBe(1);
    await connectedAgain([a, b, c]);
    for (const { cache } of [a, b, c]) {
      for (const id of ['invalidated', 'set', 'untouched']) expect(await cache.peek('product', id), id).toEqual({ kind: 'miss' });
    }
    const adopted = await record();
    expect(adopted).toMatchObject({ ns: adopted.rev, prev: null, replid: await replid() });
    expect(BigInt(adopted.rev)).toBeGreaterThan(BigInt(before.rev));
    expect(adoptions(a, b, c)).toBe(1);
    await b.cache.set('product', 'set', 'newest');
    expect(await c.cache.get('product', 'set')).toBe('newest');
  });

  it('a bump that it has forgotten stays in force, for those who knew of it and those who did not', async () => {
    const a = await caches.open();
    await a.cache.set('product', '1', 'old');
    await bed.redis.save();
    const bumped = await a.cache.bumpVersion('product');
    await restartFromDump();
    const c = await caches.open();
    await connectedAgain([a, c]);
    for (const { cache } of [a, c]) expect(await cache.peek('product', '1')).toEqual({ kind: 'miss' });
    expect(BigInt((await record()).rev)).toBeGreaterThan(BigInt(bumped.rev));
  });

  it('an undo that it has forgotten is no way back: there is nothing to undo', async () => {
    const a = await caches.open();
    await a.cache.set('product', '1', 'old');
    await a.cache.bumpVersion('product');
    await bed.redis.save();
    await a.cache.invalidate('product', '1');
    expect((await record()).prev).not.toBeNull();
    await restartFromDump();
    await vi.waitFor(async () => await expect(a.cache.undoBump('product')).rejects.toMatchObject({ name: 'NothingToUndo' }), 5_000);
    expect(await a.cache.get('product', '1')).toBeUndefined();
  });

  it('with its data whole it is cold all the same: Redis cannot tell', async () => {
    const a = await caches.open();
    await a.cache.set('product', '1', 'v');
    await bed.redis.save();
    await restartFromDump();
    await connectedAgain([a]);
    expect(await a.cache.peek('product', '1')).toEqual({ kind: 'miss' });
  });

  it.each([
    ['an invalidation', ({ cache }: TracedCache) => cache.invalidate('product', 'late')],
    ['a set', ({ cache }: TracedCache) => cache.set('product', 'late', 'new')],
  ])('policy "keep" serves what is there, and sends again what this instance acknowledged lately: %s', async (_what, change) => {
    const policies = { product: { ...product, failover: 'keep' } } as const;
    const a = await caches.open({ policies });
    await a.cache.set('product', 'kept', 'v');
    await bed.redis.save();
    await a.cache.set('product', 'late', 'v');
    await bed.redis.save();
    const before = await record();
    await change(a);
    await restartFromDump();
    const c = await caches.open({ policies });
    await vi.waitFor(() => expect(a.events).toContainEqual({ type: 'invalidation.replayed', entity: 'product', id: 'late' }), 5_000);
    expect(await c.cache.get('product', 'late')).toBeUndefined();
    expect(await record()).toEqual(before);
    expect(adoptions(a, c)).toBe(0);
  });

  it('policy "keep" sends it again to a server that refuses to tell its records, as soon as it takes it', async () => {
    const { cache, events } = await caches.open({ policies: { product: { ...product, failover: 'keep' } } });
    await cache.set('product', 'late', 'v');
    await bed.redis.save();
    await cache.invalidate('product', 'late');
    await bed.server.kill();
    await bed.server.restart(['--user', 'default', 'on', 'nopass', '~*', '&*', '+@all', '-getex']);
    try {
      const refused = { type: 'control.rejected', what: 'server', reason: expect.stringContaining('NOPERM') };
      await vi.waitFor(() => expect(events).toContainEqual(refused), 5_000);
    } finally {
      await bed.redis.acl('SETUSER', 'default', '+getex');
    }
    await vi.waitFor(() => expect(events).toContainEqual({ type: 'invalidation.replayed', entity: 'product', id: 'late' }), 5_000);
    expect(await cache.peek('product', 'late')).toEqual({ kind: 'miss' });
  });

  it('policy "keep" reads on what an instance finds there', async () => {
    const policies = { product: { ...product, failover: 'keep' } } as const;
    const a = await caches.open({ policies });
    await a.cache.set('product', '1', 'v');
    await a.cache.close();
    await bed.redis.save();
    await restartFromDump();
    const c = await caches.open({ policies });
    expect(await c.cache.get('product', '1')).toBe('v');
  });
});

describe("rule 12: a record of another server's", () => {
  it('a read adopts it and goes round: a miss, not unavailable, and the next load is filled', async () => {
    const { cache, events } = await caches.open();
    await cache.set('product', '1', 'v1');
    await makeForeign();
    expect(await cache.getOrSet('product', '1', () => Promise.resolve('loaded'))).toBe('loaded');
    await vi.waitFor(async () => expect(await cache.get('product', '1')).toBe('loaded'));
    expect(events.flatMap((event) => (event.type === 'read' ? [event.outcome] : [])).slice(0, 1)).toEqual(['miss']);
    expect(events.filter((event) => event.type === 'version.adopted')).toHaveLength(1);
  });

  it('an invalidation adopts it before it is acknowledged', async () => {
    const [a, b] = [await caches.open(), await caches.open()];
    await a.cache.set('product', '1', 'v1');
    await makeForeign();
    await a.cache.invalidate('product', '1');
    expect(await record()).toMatchObject({ replid: await replid() });
    expect(await b.cache.get('product', '1')).toBeUndefined();
  });

  it('a set adopts it, and its value stands under the new version', async () => {
    const [a, b] = [await caches.open(), await caches.open()];
    await a.cache.set('product', '1', 'v1');
    const { ns } = await record();
    await makeForeign();
    await a.cache.set('product', '1', 'v2');
    const adopted = await record();
    expect(adopted).toMatchObject({ replid: await replid() });
    expect(adopted.ns).not.toBe(ns);
    expect(await b.cache.get('product', '1')).toBe('v2');
  });

  it("a bump of it cannot be undone to the other server's namespace", async () => {
    const { cache } = await caches.open();
    await cache.set('product', '1', 'v1');
    const { ns } = await record();
    await makeForeign();
    await cache.bumpVersion('product');
    expect((await record()).prev).not.toBe(ns);
    await cache.undoBump('product');
    expect((await record()).ns).not.toBe(ns);
    expect(await cache.get('product', '1')).toBeUndefined();
  });

  it('a lease is given back when the record that came with it is foreign', async () => {
    const links = await holdLinksTo(bed.server.port);
    const { cache } = await caches.open({ redis: links.url });
    await cache.set('product', '2', 'warm');
    const [{ ns }, before] = [await record(), await keyOf('1')];
    links.takeSent('lease');
    const release = links.hold('lease', 'toServer');
    const read = cache.getOrSet('product', '1', () => Promise.resolve('loaded'));
    await vi.waitFor(() => expect(links.takeSent('lease')).toContain(before));
    await makeForeign();
    release();
    expect(await read).toBe('loaded');
    expect((await record()).ns).not.toBe(ns);
    await vi.waitFor(async () => expect(await bed.redis.exists(await keyOf('1'))).toBe(1));
    expect(await bed.redis.exists(before, `{${before}}:lease`)).toBe(0);
    await links.close();
  });
});

describe('rule 12: each connection asks which server it talks to', () => {
  it('before it sends anything else, after each reconnect too', async () => {
    const monitor = await bed.redis.monitor();
    const sent = new Map<string, string[][]>();
    monitor.on('monitor', (_time: string, args: string[], source: string) => {
      const commands = sent.get(source) ?? [];
      commands.push(args.map((arg) => String(arg).toLowerCase()));
      sent.set(source, commands);
    });
    const { cache } = await caches.open();
    await cache.getOrSet('product', '1', () => Promise.resolve('v'));
    await cache.invalidate('product', '1');
    const listed = String(await bed.redis.client('LIST')).matchAll(/id=(\d+) .* name=sideboard-(?:read|write|lease) /g);
    for (const [, id = ''] of [...listed]) await bed.redis.client('KILL', 'ID', id);
    await connectedAgain([{ cache, events: [] }]);
    await vi.waitFor(async () => await cache.invalidate('product', '1'), 5_000);
    await cache.set('product', '1', 'v');
    await vi.waitFor(() => {
      const serving = [...sent.values()].filter((commands) =>
        commands.some((args) => /^sideboard-(read|write|lease)$/.test(args[2] ?? '')),
      );
      const first = serving.flatMap((commands) => {
        // The handshake of the client: its name, its library, the ready check.
        const asked = commands.filter(([name, arg]) => name !== 'client' && name !== 'hello' && !(name === 'info' && arg === undefined));
        return asked.length === 0 ? [] : [asked[0]];
      });
      expect(first.length).toBeGreaterThanOrEqual(5);
      expect(new Set(first.map((args) => args?.join(' ')))).toEqual(new Set(['info replication']));
    });
    monitor.disconnect();
  });

  it.each(['the first', 'a later'])('and sends nothing until it was answered: %s connection', async (which) => {
    const links = await holdLinksTo(bed.server.port);
    const open = () => createCacheWith<string>({ env: 'test', service: 'shop', redis: links.url, policies: { product } }, {});
    const before = which === 'the first' ? null : open();
    await before?.ready();
    const release = links.hold('read', 'toClient', 'replication');
    links.takeSent('read');
    links.reset('read');
    const cache = before ?? open();
    let seen = '';
    await vi.waitFor(() => {
      seen += links.takeSent('read');
      expect(seen).toContain('replication');
    });
    expect(await cache.peek('product', '1')).toEqual({ kind: 'unavailable' });
    expect(links.takeSent('read')).toBe('');
    release();
    await vi.waitFor(async () => expect(await cache.peek('product', '1')).toEqual({ kind: 'miss' }));
    await cache.close();
    await links.close();
  });
});
