import { describe, expect, it, vi } from 'vitest';
import { acquireLease } from '../../engine/scripts.ts';
import { holdLinksTo } from './held-links.ts';
import { keySpaceOf } from './key-space.ts';
import { countingLoader, patient } from './open-caches.ts';
import { redisBed } from './redis-bed.ts';

const bed = redisBed(patient);
const { caches } = bed;
const { keyOf } = keySpaceOf(() => bed.redis);

const unleased = { type: 'load.started', entity: 'product', id: '1', leased: false, reason: 'miss' };
/** A question that moved or met what is of no use is put again so often. */
const QUESTIONS = 4;

describe('a lease that is asked for again is not asked for without end', () => {
  it('the version moves under each question: who waits loads without a lease', async () => {
    const links = await holdLinksTo(bed.server.port);
    const [{ cache, events }, other] = [await caches.open({ redis: links.url }), await caches.open()];
    await cache.getOrSet('product', 'warm', () => Promise.resolve('v'));
    await vi.waitFor(async () => expect(await cache.get('product', 'warm')).toBe('v'));
    links.takeSent('lease');
    const origin = countingLoader(() => Promise.resolve('loaded'));
    const hold = () => links.hold('lease', 'toServer', acquireLease.sha);
    let release = hold();
    const read = cache.getOrSet('product', '1', origin.load);
    for (let question = 1; question <= QUESTIONS; question += 1) {
      await vi.waitFor(() => expect(links.writesOf('lease', acquireLease.sha)).toHaveLength(question));
      await other.cache.bumpVersion('product');
      const next = hold();
      release();
      release = next;
    }
    expect(await read).toBe('loaded');
    expect(links.writesOf('lease', acquireLease.sha)).toHaveLength(QUESTIONS);
    expect(origin.calls()).toBe(1);
    expect(events).toContainEqual(unleased);
    release();
    await links.close();
  });

  it('what stands in its place cannot be removed: who waits loads without a lease', async () => {
    await bed.redis.acl('SETUSER', 'keeper', 'on', '>pw', '~*', '&*', '+@all', '-del');
    const links = await holdLinksTo(bed.server.port);
    const url = links.url.replace('//', '//keeper:pw@');
    const { cache, events } = await caches.open({ redis: url });
    const key = await keyOf('1');
    await bed.redis.set(key, 'garbage', 'PX', 60_000);
    await cache.getOrSet('product', 'warm', () => Promise.resolve('v'));
    links.takeSent('lease');
    const origin = countingLoader(() => Promise.resolve('loaded'));
    expect(await cache.getOrSet('product', '1', origin.load)).toBe('loaded');
    expect(origin.calls()).toBe(1);
    expect(links.writesOf('lease', acquireLease.sha)).toHaveLength(QUESTIONS);
    expect(events).toContainEqual(unleased);
    expect(await bed.redis.exists(key)).toBe(1);
    await links.close();
  });
});
