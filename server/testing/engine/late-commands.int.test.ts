import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCacheWith } from '../../engine/create-cache.ts';
import { bumpVersion } from '../../engine/scripts.ts';
import { commandCalls } from './command-calls.ts';
import { type HeldLinks, holdLinksTo } from './held-links.ts';
import { keySpaceOf } from './key-space.ts';
import { manualClock } from './manual-clock.ts';
import { countingLoader, deferred, patient } from './open-caches.ts';
import { redisBed } from './redis-bed.ts';

let links: HeldLinks;
const bed = redisBed();
const { caches } = bed;
const { record, keyOf, leaseOf } = keySpaceOf(() => bed.redis);
beforeEach(async () => {
  links = await holdLinksTo(bed.server.port);
});
afterEach(async () => {
  await caches.closeAll();
  await links.close();
});

/** Lets what was held through, and waits until Redis has run as many scripts as were in it. */
async function arriveLate(release: () => void, scripts: number): Promise<void> {
  await bed.redis.config('RESETSTAT');
  release();
  await vi.waitFor(async () => {
    const calls = await commandCalls(bed.redis);
    expect((calls.get('evalsha') ?? 0) + (calls.get('eval') ?? 0)).toBeGreaterThanOrEqual(scripts);
  });
}

describe('rule 11: a command that arrives late', () => {
  it('a fill: its lease was revoked meanwhile, so nothing is stored', async () => {
    const [a, b] = [await caches.open({ redis: links.url }), await caches.open(patient)];
    const answer = deferred<string>();
    const read = a.cache.getOrSet('product', '1', () => answer.promise);
    await vi.waitFor(async () => expect(await bed.redis.exists(await leaseOf('1'))).toBe(1));
    const release = links.hold('lease', 'toServer');
    answer.resolve('old');
    expect(await read).toBe('old');
    await vi.waitFor(() => expect(a.events).toContainEqual({ type: 'fill', entity: 'product', id: '1', result: 'failed' }));
    await b.cache.invalidate('product', '1');
    await b.cache.set('product', '2', 'other');
    await arriveLate(release, 1);
    expect(await bed.redis.exists(await keyOf('1'))).toBe(0);
    expect(await b.cache.get('product', '1')).toBeUndefined();
  });

  it('a fill of a write: a newer write has its own token there', async () => {
    const clock = manualClock();
    const [a, b] = [await caches.open({ redis: links.url }, { clock }), await caches.open()];
    let release = () => {};
    const set = a.cache.set('product', '1', () => {
      release = links.hold('write', 'toServer');
      return Promise.resolve('older');
    });
    links.takeSent('write');
    await vi.waitFor(() => expect(links.takeSent('write')).toContain('older'));
    clock.advance(100);
    await expect(set).rejects.toMatchObject({ name: 'WrittenNotInvalidated' });
    const newest = deferred<string>();
    const writer = countingLoader(() => newest.promise);
    const second = b.cache.set('product', '1', writer.load);
    await vi.waitFor(() => expect(writer.calls()).toBe(1));
    await arriveLate(release, 1);
    expect(await bed.redis.exists(await keyOf('1'))).toBe(0);
    newest.resolve('newest');
    await second;
    expect(await b.cache.get('product', '1')).not.toBe('older');
  });

  it('a lease: nobody fills under it, and it is given back', async () => {
    const { cache, events } = await caches.open({ redis: links.url });
    const release = links.hold('lease', 'toServer');
    const answer = deferred<string>();
    const origin = countingLoader(() => answer.promise);
    const read = cache.getOrSet('product', '1', origin.load);
    await vi.waitFor(() => expect(origin.calls()).toBe(1));
    expect(events).toContainEqual({ type: 'load.started', entity: 'product', id: '1', leased: false, reason: 'miss' });
    // The question, and the return.
    await arriveLate(release, 2);
    expect(await bed.redis.exists(await leaseOf('1'))).toBe(0);
    answer.resolve('loaded');
    expect(await read).toBe('loaded');
    await cache.close();
    expect(events.filter((event) => event.type === 'fill')).toEqual([]);
    expect(await bed.redis.exists(await keyOf('1'))).toBe(0);
  });

  it('a bump that its caller was refused, and made again: the undo still leads back', async () => {
    const clock = manualClock();
    const [a, b] = [await caches.open({ redis: links.url }, { clock }), await caches.open()];
    await b.cache.set('product', '1', 'v1');
    const before = await record();
    links.takeSent('write');
    const release = links.hold('write', 'toServer', bumpVersion.sha);
    const bump = a.cache.bumpVersion('product');
    await vi.waitFor(() => expect(links.takeSent('write')).toContain(bumpVersion.sha));
    clock.advance(100);
    await expect(bump).rejects.toMatchObject({ name: 'InvalidationNotAcknowledged' });
    await b.cache.bumpVersion('product');
    const bumped = await record();
    await arriveLate(release, 1);
    expect(await record()).toEqual(bumped);
    await a.cache.undoBump('product');
    expect((await record()).ns).toBe(before.ns);
    expect(await b.cache.get('product', '1')).toBe('v1');
  });

  it('a read that was not answered is not sent again to a server that was started again', async () => {
    const cache = createCacheWith<string>({ env: 'test', service: 'shop', redis: links.url, policies: { product: { ttl: '10min' } } }, {});
    await cache.ready();
    await cache.set('product', 'unanswered', 'v');
    expect(await cache.get('product', 'unanswered')).toBe('v');
    bed.server.pause();
    links.takeSent('read');
    const read = cache.peek('product', 'unanswered');
    await vi.waitFor(() => expect(links.takeSent('read')).toContain('unanswered'));
    await bed.server.kill();
    expect(await read).toEqual({ kind: 'unavailable' });
    await bed.server.restart();
    await vi.waitFor(async () => expect(await cache.peek('product', 'another')).toEqual({ kind: 'miss' }), 5_000);
    expect(links.takeSent('read')).not.toContain('unanswered');
    await cache.close();
  });
});
