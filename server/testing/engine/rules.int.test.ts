import { describe, expect, it, vi } from 'vitest';
import { dataKey, inboxPrefix, leaseKey, versionKey } from '../../engine/keys.ts';
import {
  acquireLease,
  beginWrite,
  bumpVersion,
  fillEntry,
  invalidateEntry,
  mintVersion,
  raiseVersion,
  runScript,
} from '../../engine/scripts.ts';
import { parseVersionRecord } from '../../engine/version-record.ts';
import { countingLoader, deferred, patient } from './open-caches.ts';
import { redisBed } from './redis-bed.ts';

const ref = { env: 'test', service: 'shop' };
const bed = redisBed(patient);
const { caches } = bed;

async function record() {
  const parsed = parseVersionRecord((await bed.redis.get(versionKey(ref, 'product'))) ?? '');
  if (parsed === null) throw new Error('no version record');
  return parsed;
}
const keyOf = async (id: string) => dataKey(ref, (await record()).ns, 'product', id);
const token = (kind: 'L' | 'W', name: string) => (kind + name).padEnd(24, '0');

describe('rule 1: a strict read returns nothing that is older than its start', () => {
  it('a read after an acknowledged invalidation does not join the load that ran before it', async () => {
    const { cache } = await caches.open();
    const old = deferred<string>();
    const first = cache.getOrSet('product', '1', () => old.promise);
    await vi.waitFor(async () => expect(await bed.redis.exists(leaseKey(await keyOf('1')))).toBe(1));
    await cache.invalidate('product', '1');
    const fresh = countingLoader(() => Promise.resolve('new'));
    const second = cache.getOrSet('product', '1', fresh.load);
    // The lease goes to the second read's load, which waits for the running one: one running and one next.
    await vi.waitFor(async () => expect(await bed.redis.exists(leaseKey(await keyOf('1')))).toBe(1));
    expect(fresh.calls()).toBe(0);
    old.resolve('old');
    expect(await first).toBe('old');
    expect(await second).toBe('new');
    await vi.waitFor(async () => expect(await cache.get('product', '1')).toBe('new'));
  });

  it("a read that sees another instance's lease does not join the own load that was revoked", async () => {
    const [a, b] = [await caches.open(), await caches.open()];
    const [old, fresh] = [deferred<string>(), deferred<string>()];
    const first = a.cache.getOrSet('product', '1', () => old.promise);
    const lease = leaseKey(await keyOf('1'));
    await vi.waitFor(async () => expect(await bed.redis.exists(lease)).toBe(1));
    await b.cache.invalidate('product', '1');
    const taken = b.cache.getOrSet('product', '1', () => fresh.promise);
    await vi.waitFor(async () => expect(await bed.redis.exists(lease)).toBe(1));
    const second = a.cache.getOrSet('product', '1', () => Promise.resolve('own'));
    await vi.waitFor(async () => expect(await bed.redis.strlen(lease)).toBe(40));
    old.resolve('old');
    expect(await first).toBe('old');
    fresh.resolve('fresh');
    expect(await taken).toBe('fresh');
    expect(await second).toBe('fresh');
  });

  it('with Redis unreachable, joiners share the next load: one running and one next', async () => {
    const { cache } = await caches.open();
    await bed.server.kill();
    try {
      const answers = [deferred<string>(), deferred<string>(), deferred<string>()];
      const { load, calls } = countingLoader((call) => answers[call - 1]?.promise ?? Promise.reject(new Error('too many')));
      const first = cache.getOrSet('product', '1', load);
      await vi.waitFor(() => expect(calls()).toBe(1));
      const joiners = Array.from({ length: 20 }, () => cache.getOrSet('product', '1', load));
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      answers[0]?.resolve('a');
      expect(await first).toBe('a');
      await vi.waitFor(() => expect(calls()).toBe(2));
      answers[1]?.resolve('b');
      expect(new Set(await Promise.all(joiners))).toEqual(new Set(['b']));
      expect(calls()).toBe(2);
    } finally {
      await bed.server.restart();
    }
  });
});

describe('rule 2: a fill is stored only while its lease stands', () => {
  it('a load that an invalidation overtook is not stored', async () => {
    const [a, b] = [await caches.open(), await caches.open()];
    const answer = deferred<string>();
    const read = a.cache.getOrSet('product', '1', () => answer.promise);
    await vi.waitFor(async () => expect(await bed.redis.exists(leaseKey(await keyOf('1')))).toBe(1));
    expect(await b.cache.invalidate('product', '1')).toEqual({ removed: 0, markedStale: 0, leasesRevoked: 1 });
    answer.resolve('old');
    expect(await read).toBe('old');
    await vi.waitFor(() => expect(a.events).toContainEqual({ type: 'fill', entity: 'product', id: '1', result: 'rejected' }));
    expect(await bed.redis.exists(await keyOf('1'))).toBe(0);
    expect(await b.cache.getOrSet('product', '1', () => Promise.resolve('new'))).toBe('new');
  });

  it('the script refuses a token that is not the one that stands, and wakes nobody then', async () => {
    await caches.open();
    const key = await keyOf('x');
    const keys = [key, leaseKey(key)];
    const fill = (by: string) => runScript(bed.redis, fillEntry, keys, [by, 'value', 60_000, 'inbox:']);
    expect(await fill(token('L', 'a'))).toBe(0);
    await runScript(bed.redis, acquireLease, keys, [token('L', 'a'), 60_000, 'instance-a------']);
    expect(await fill(token('L', 'b'))).toBe(0);
    expect(await bed.redis.exists(key)).toBe(0);
    await runScript(bed.redis, acquireLease, keys, [token('L', 'b'), 60_000, 'instance-b------']);
    expect(await bed.redis.get(leaseKey(key))).toBe(`${token('L', 'a')}instance-b------`);
    expect(await bed.redis.pttl(leaseKey(key))).toBeGreaterThan(0);
    expect(await fill(token('L', 'a'))).toBe(1);
    expect(await bed.redis.mget(...keys)).toEqual(['value', null]);
  });

  it('a PUBLISH that is refused leaves nothing half done', async () => {
    await caches.open();
    const key = await keyOf('x');
    await bed.redis.set(leaseKey(key), `${token('L', 'a')}instance-b------`, 'PX', 60_000);
    await bed.redis.acl('SETUSER', 'mute', 'on', 'nopass', '~*', '+@all', 'resetchannels');
    const mute = bed.server.client();
    await mute.auth('mute', 'any');
    expect(await runScript(mute, fillEntry, [key, leaseKey(key)], [token('L', 'a'), 'value', 60_000, 'inbox:'])).toBe(1);
    expect(await bed.redis.mget(key, leaseKey(key))).toEqual(['value', null]);
  });

  it("an entry is as old as the start of its load, and carries the load's cost", async () => {
    const { cache } = await caches.open();
    const nowMs = async () => Number((await bed.redis.time())[0]) * 1_000 + Number((await bed.redis.time())[1]) / 1_000;
    let startedMs = 0;
    await cache.getOrSet('product', '1', async () => {
      startedMs = await nowMs();
      await vi.waitFor(async () => expect((await nowMs()) - startedMs).toBeGreaterThan(250), { interval: 20 });
      return 'v';
    });
    await vi.waitFor(async () => expect(await cache.peek('product', '1')).toMatchObject({ kind: 'fresh' }));
    const peek = await cache.peek('product', '1');
    expect(peek.kind === 'fresh' && peek.createdMs).toBeLessThan(startedMs + 125);
    expect(await cache.explain('product', '1')).toMatchObject({ freshness: { loadCostMs: expect.toSatisfy((ms: number) => ms >= 250) } });
  });

  it('without a lease reply nothing is stored', async () => {
    const { cache, events } = await caches.open();
    await runScript(bed.redis, beginWrite, [await keyOf('1'), leaseKey(await keyOf('1'))], [token('W', 'w'), 60_000, 'inbox:']);
    expect(await cache.getOrSet('product', '1', () => Promise.resolve('loaded'))).toBe('loaded');
    expect(events).toContainEqual({ type: 'load.started', entity: 'product', id: '1', leased: false, reason: 'miss' });
    expect(events.filter((event) => event.type === 'fill')).toEqual([]);
    expect(await bed.redis.exists(await keyOf('1'))).toBe(0);
  });
});

describe('rule 3: writes', () => {
  it('while the origin is written readers load without storing, and then the written value is a hit', async () => {
    const [a, b] = [await caches.open(), await caches.open()];
    await a.cache.set('product', '1', 'v1');
    const origin = deferred<string>();
    const writing = deferred();
    const set = a.cache.set('product', '1', () => {
      writing.resolve();
      return origin.promise;
    });
    await writing.promise;
    expect(await b.cache.getOrSet('product', '1', () => Promise.resolve('v1 again'))).toBe('v1 again');
    expect(await bed.redis.exists(await keyOf('1'))).toBe(0);
    origin.resolve('v2');
    await set;
    expect(await b.cache.get('product', '1')).toBe('v2');
  });

  it('a load that ran before the write is not stored over it', async () => {
    const [a, b] = [await caches.open(), await caches.open()];
    const old = deferred<string>();
    const read = b.cache.getOrSet('product', '1', () => old.promise);
    await vi.waitFor(async () => expect(await bed.redis.exists(leaseKey(await keyOf('1')))).toBe(1));
    await a.cache.set('product', '1', () => Promise.resolve('v2'));
    old.resolve('v1');
    expect(await read).toBe('v1');
    await vi.waitFor(() => expect(b.events).toContainEqual({ type: 'fill', entity: 'product', id: '1', result: 'rejected' }));
    expect(await b.cache.get('product', '1')).toBe('v2');
  });

  it('of two writers at once neither value is kept unless its token stands to the end', async () => {
    const [a, b] = [await caches.open(), await caches.open()];
    const [first, second] = [deferred<string>(), deferred<string>()];
    const [one, two] = [deferred(), deferred()];
    const setA = a.cache.set('product', '1', () => {
      one.resolve();
      return first.promise;
    });
    await one.promise;
    const setB = b.cache.set('product', '1', () => {
      two.resolve();
      return second.promise;
    });
    await two.promise;
    first.resolve('a');
    await setA;
    second.resolve('b');
    await setB;
    // The first writer's removal took the second one's token: who wrote last cannot be told, so nobody's value stands.
    expect(await bed.redis.exists(await keyOf('1'))).toBe(0);
  });

  it('an invalidation during the origin write turns the fill into a removal', async () => {
    const [a, b] = [await caches.open(), await caches.open()];
    const origin = deferred<string>();
    const writing = deferred();
    const set = a.cache.set('product', '1', () => {
      writing.resolve();
      return origin.promise;
    });
    await writing.promise;
    await b.cache.invalidate('product', '1');
    origin.resolve('v2');
    await set;
    expect(await bed.redis.exists(await keyOf('1'))).toBe(0);
  });

  it('a bump during the origin write leaves nothing under either version', async () => {
    const [a, b] = [await caches.open(), await caches.open()];
    const origin = deferred<string>();
    const writing = deferred();
    const set = a.cache.set('product', '1', () => {
      writing.resolve();
      return origin.promise;
    });
    await writing.promise;
    const before = await keyOf('1');
    await b.cache.bumpVersion('product');
    expect(await b.cache.getOrSet('product', '1', () => Promise.resolve('v1'))).toBe('v1');
    await vi.waitFor(async () => expect(await bed.redis.exists(await keyOf('1'))).toBe(1));
    origin.resolve('v2');
    await set;
    expect(await bed.redis.exists(await keyOf('1'))).toBe(0);
    expect(await bed.redis.get(before).then((bytes) => bytes === null || bytes.includes('v2'))).toBe(true);
  });

  it('Redis unreachable: the origin is not touched', async () => {
    const { cache } = await caches.open();
    await bed.server.kill();
    try {
      const { load, calls } = countingLoader(() => Promise.resolve('v'));
      await expect(cache.set('product', '1', load)).rejects.toMatchObject({ name: 'WriteNotStarted' });
      expect(calls()).toBe(0);
    } finally {
      await bed.server.restart();
    }
  });

  it('Redis lost after the origin was written: a typed error, and the removal is done when it is back', async () => {
    const { cache, events } = await caches.open();
    const set = cache.set('product', '1', async () => {
      await bed.server.kill();
      return 'v';
    });
    await expect(set).rejects.toMatchObject({ name: 'WrittenNotInvalidated' });
    await bed.server.restart();
    await vi.waitFor(() => expect(events).toContainEqual({ type: 'invalidation.replayed', entity: 'product', id: '1' }), 10_000);
  });

  it("what the origin's write throws is thrown as it is, and the key is left invalidated", async () => {
    const { cache } = await caches.open();
    await cache.set('product', '1', 'v1');
    const failure = new Error('constraint');
    await expect(cache.set('product', '1', () => Promise.reject(failure))).rejects.toBe(failure);
    expect(await bed.redis.mget(await keyOf('1'), leaseKey(await keyOf('1')))).toEqual([null, null]);
  });
});

describe('rule 4: hard invalidation', () => {
  it('covers what an undo could bring back', async () => {
    const { cache } = await caches.open();
    await cache.set('product', '1', 'v1');
    const before = await keyOf('1');
    await cache.bumpVersion('product');
    await cache.set('product', '2', 'other');
    expect(await bed.redis.exists(before)).toBe(1);
    expect(await cache.invalidate('product', '1')).toEqual({ removed: 1, markedStale: 0, leasesRevoked: 0 });
    expect(await bed.redis.exists(before)).toBe(0);
  });

  it('covers a version that the instance has not heard of', async () => {
    const [a, b] = [await caches.open(), await caches.open()];
    await a.cache.get('product', '1');
    const { rev } = await record();
    await runScript(bed.redis, bumpVersion, [versionKey(ref, 'product')], [rev, '-', rev]);
    await b.cache.set('product', '1', 'v1');
    expect(await bed.redis.exists(await keyOf('1'))).toBe(1);
    expect((await a.cache.invalidate('product', '1')).removed).toBe(1);
    expect(await bed.redis.exists(await keyOf('1'))).toBe(0);
  });

  it('a refusal is an error, never an acknowledgement', async () => {
    const { cache } = await caches.open();
    await cache.set('product', '1', 'v1');
    await bed.redis.config('SET', 'min-replicas-to-write', '1');
    try {
      await expect(cache.invalidate('product', '1')).rejects.toMatchObject({ name: 'InvalidationNotAcknowledged' });
    } finally {
      await bed.redis.config('SET', 'min-replicas-to-write', '0');
    }
  });

  it('a removal that is refused is an error, though the record was read', async () => {
    await caches.open();
    await bed.redis.acl('SETUSER', 'unscripted', 'on', '>pw', '~*', '&*', '+@all', '-eval', '-evalsha');
    const { cache } = await caches.open({ redis: { host: '127.0.0.1', port: bed.server.port, username: 'unscripted', password: 'pw' } });
    await expect(cache.invalidate('product', '1')).rejects.toMatchObject({ name: 'InvalidationNotAcknowledged' });
  });

  it('no answer is an error, and it is done when Redis is back', async () => {
    const { cache, events } = await caches.open();
    await cache.set('product', '1', 'v1');
    bed.server.pause();
    try {
      await expect(cache.invalidate('product', '1')).rejects.toMatchObject({ name: 'InvalidationNotAcknowledged' });
    } finally {
      bed.server.resume();
    }
    await vi.waitFor(() => expect(events).toContainEqual({ type: 'invalidation.replayed', entity: 'product', id: '1' }), 10_000);
  });
});

describe('what Redis did not acknowledge', () => {
  /** Reads as everybody, and may run no script: no invalidation, bump or lease. */
  async function openUnscripted() {
    await bed.redis.acl('SETUSER', 'halfway', 'reset', 'on', '>pw', '~*', '&*', '+@all', '-eval', '-evalsha');
    return caches.open({ redis: { host: '127.0.0.1', port: bed.server.port, username: 'halfway', password: 'pw' } });
  }
  const allow = () => bed.redis.acl('SETUSER', 'halfway', '+eval', '+evalsha');

  it('a key is invalid to this instance until its invalidation is done', async () => {
    const other = await caches.open();
    await other.cache.set('product', '1', 'old');
    const { cache, events } = await openUnscripted();
    expect(await cache.get('product', '1')).toBe('old');
    await expect(cache.invalidate('product', '1')).rejects.toMatchObject({ name: 'InvalidationNotAcknowledged' });
    expect(await other.cache.get('product', '1')).toBe('old');
    expect(await cache.get('product', '1')).toBeUndefined();
    expect(await cache.getOrSet('product', '1', () => Promise.resolve('new'))).toBe('new');
    await allow();
    await vi.waitFor(() => expect(events).toContainEqual({ type: 'invalidation.replayed', entity: 'product', id: '1' }), 10_000);
    expect(await other.cache.get('product', '1')).toBeUndefined();
  });

  it('so is every key of an entity until its bump is done, once for all of them', async () => {
    const other = await caches.open();
    await other.cache.set('product', '1', 'old');
    const { rev } = await record();
    const { cache, events } = await openUnscripted();
    await expect(cache.invalidate('product', '2')).rejects.toMatchObject({ name: 'InvalidationNotAcknowledged' });
    await expect(cache.bumpVersion('product')).rejects.toMatchObject({ name: 'InvalidationNotAcknowledged' });
    expect(await cache.get('product', '1')).toBeUndefined();
    await allow();
    await vi.waitFor(() => expect(events).toContainEqual({ type: 'bump.replayed', entity: 'product' }), 10_000);
    expect(Number((await record()).rev)).toBeGreaterThan(Number(rev));
    expect(events.filter((event) => event.type === 'invalidation.replayed')).toEqual([]);
    expect(await cache.getOrSet('product', '1', () => Promise.resolve('new'))).toBe('new');
    await vi.waitFor(async () => expect(await cache.get('product', '1')).toBe('new'));
  });
});

describe('rule 6: waiters', () => {
  it('a key that is invalidated while it loads still answers each waiter', async () => {
    const [a, b] = [await caches.open(), await caches.open()];
    const held = deferred<string>();
    const read = a.cache.getOrSet('product', '1', () => held.promise);
    await vi.waitFor(async () => expect(await bed.redis.exists(leaseKey(await keyOf('1')))).toBe(1));
    const own = countingLoader(() => Promise.resolve('own'));
    const waiting = b.cache.getOrSet('product', '1', own.load);
    const lease = leaseKey(await keyOf('1'));
    await vi.waitFor(async () => expect(await bed.redis.strlen(lease)).toBe(40));
    // Revoked, and taken by somebody else at once: the waiter loads by itself.
    await bed.redis
      .multi()
      .eval(invalidateEntry.lua, 2, await keyOf('1'), lease, inboxPrefix(ref))
      .set(lease, token('L', 'other'), 'PX', 60_000)
      .exec();
    expect(await waiting).toBe('own');
    held.resolve('held');
    expect(await read).toBe('held');
  });

  it("a dead holder's lease passes on", async () => {
    const { cache } = await caches.open({ policies: { product: { ttl: '10min', leaseMs: 200, loadTimeoutMs: 200 } } });
    const lease = leaseKey(await keyOf('1'));
    await bed.redis.set(lease, token('L', 'dead'), 'PX', 200);
    expect(await cache.getOrSet('product', '1', () => Promise.resolve('v'))).toBe('v');
    await vi.waitFor(async () => expect(await bed.redis.exists(await keyOf('1'))).toBe(1));
  });

  it('a holder renews: a write of several lease lengths is filled', async () => {
    const { cache } = await caches.open({ policies: { product: { ttl: '10min', leaseMs: 600, loadTimeoutMs: 600 } } });
    const answer = deferred<string>();
    const written = cache.set('product', '1', () => answer.promise);
    const lease = leaseKey(await keyOf('1'));
    await vi.waitFor(async () => expect(await bed.redis.exists(lease)).toBe(1));
    const began = performance.now();
    await vi.waitFor(async () => {
      expect(await bed.redis.exists(lease)).toBe(1);
      expect(performance.now() - began).toBeGreaterThan(1_500);
    }, 5_000);
    answer.resolve('v');
    await written;
    expect(await bed.redis.exists(await keyOf('1'))).toBe(1);
  });
});

describe('rule 7: versions never repeat', () => {
  it('a record that was lost is minted above all that was seen, and nothing old comes back', async () => {
    const { cache } = await caches.open();
    await cache.set('product', '1', 'v1');
    const [before, old] = [await record(), await bed.redis.getBuffer(await keyOf('1'))];
    const key = await keyOf('1');
    await bed.redis.flushall();
    await bed.redis.set(key, old ?? '', 'PX', 60_000);
    expect(await cache.get('product', '1')).toBeUndefined();
    expect(Number((await record()).rev)).toBeGreaterThan(Number(before.rev));
  });

  it('above the highest that an instance saw, even where the clock of Redis went back', async () => {
    const ahead = '2900000000000000';
    await caches.open();
    await bed.redis.set(versionKey(ref, 'product'), `${ahead} ${ahead} - ${(await record()).replid}`);
    const { cache } = await caches.open();
    await cache.get('product', '1');
    await bed.redis.del(versionKey(ref, 'product'));
    await cache.get('product', '1');
    expect((await record()).rev).toBe('2900000000000001');
    const bumped = await cache.bumpVersion('product');
    expect(bumped.rev).toBe('2900000000000002');
    expect(await record()).toMatchObject({ rev: '2900000000000002', ns: '2900000000000002', prev: '2900000000000001' });
  });

  it('a record below the highest seen is not believed: the read is unavailable, the record is raised', async () => {
    const { cache, events } = await caches.open();
    await cache.set('product', '1', 'v1');
    const old = await bed.redis.get(versionKey(ref, 'product'));
    const key = await keyOf('1');
    await cache.bumpVersion('product');
    const { rev } = await record();
    await bed.redis.set(versionKey(ref, 'product'), old ?? '');
    expect(await bed.redis.exists(key)).toBe(1);
    expect(await cache.peek('product', '1')).toEqual({ kind: 'unavailable' });
    await vi.waitFor(() => expect(events.some((event) => event.type === 'version.raised')).toBe(true));
    expect(Number((await record()).rev)).toBeGreaterThan(Number(rev));
    expect(await cache.peek('product', '1')).toEqual({ kind: 'miss' });
  });

  it('a bump that comes late, or twice, changes nothing', async () => {
    await caches.open();
    const { rev } = await record();
    const bump = () => runScript(bed.redis, bumpVersion, [versionKey(ref, 'product')], ['', '-', rev]);
    await bump();
    const after = await record();
    expect(after.prev).toBe(rev);
    await bump();
    expect(await record()).toEqual(after);
  });

  it('a mint changes no record that stands, a raise none that is high enough', async () => {
    await caches.open();
    const before = await record();
    const keys = [versionKey(ref, 'product')];
    await runScript(bed.redis, mintVersion, keys, ['9000000000000000', '-']);
    await runScript(bed.redis, raiseVersion, keys, [before.rev, '-']);
    expect(await record()).toEqual(before);
  });

  it('a bump is seen by the next read of every instance', async () => {
    const [a, b] = [await caches.open(), await caches.open()];
    await a.cache.set('product', '1', 'v1');
    expect(await b.cache.get('product', '1')).toBe('v1');
    const receipt = await a.cache.bumpVersion('product');
    expect(await b.cache.get('product', '1')).toBeUndefined();
    expect(await a.cache.get('product', '1')).toBeUndefined();
    expect(receipt.ackedBy).toHaveLength(2);
    expect(receipt.pending).toEqual([]);
  });

  it('an invalidation by script wakes who waits', async () => {
    await caches.open();
    const key = await keyOf('x');
    const heard = deferred<string>();
    const subscriber = bed.server.client();
    await subscriber.subscribe('inbox:instance-b------');
    subscriber.on('message', (_channel, payload: string) => heard.resolve(payload));
    await bed.redis.set(leaseKey(key), `${token('L', 'a')}instance-b------`, 'PX', 60_000);
    expect(await runScript(bed.redis, invalidateEntry, [key, leaseKey(key)], ['inbox:'])).toEqual([0, 1]);
    expect(await heard.promise).toBe(`w${key}`);
  });
});
