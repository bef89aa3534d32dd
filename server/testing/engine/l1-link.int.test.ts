import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type HeldLinks, holdLinksTo } from './held-links.ts';
import { soon } from './local-hits.ts';
import type { TracedCache } from './open-caches.ts';
import { redisBed } from './redis-bed.ts';
import { toldClock } from './told-clock.ts';

const bed = redisBed({ deadlineMs: 600 });
const { caches } = bed;
/** Timers that come when the test says so: of what is refused, and of what Redis is given to say that it tracks. */
const REFUSED_MS = 5_000;
const ARMING_MS = 1_200;
let clock = toldClock();

let links: HeldLinks;
beforeEach(async () => {
  clock = toldClock([REFUSED_MS, ARMING_MS]);
  links = await holdLinksTo(bed.server.port);
});
afterEach(async () => {
  await caches.closeAll();
  await links.close();
});

const open = (redis = links.url) => caches.open({ redis, l1: { boundMs: 5_000 }, policies: { product: { ttl: '10min' } } }, { clock });
const serving = ({ events }: TracedCache) => events.filter((event) => event.type === 'l1.serving').length;

/** Ids of the connections of this name, as Redis lists them. */
async function idsOf(role: string): Promise<string[]> {
  const list = String(await bed.redis.client('LIST'));
  return [...list.matchAll(/^id=(\d+) .* name=sideboard-(\w+) .*$/gm)].filter(([, , name]) => name === role).map(([, id = '']) => id);
}
async function subscriberOfInvalidations(): Promise<string[]> {
  const list = String(await bed.redis.call('CLIENT', 'LIST', 'TYPE', 'pubsub'));
  return [...list.matchAll(/^id=(\d+) .*$/gm)].map(([, id = '']) => id);
}

describe('a link that drops while tracking is being armed', () => {
  it('the reading one: armed as soon as it is back', async () => {
    const release = links.hold('read', 'toServer', 'TRACKING');
    const traced = await open();
    await vi.waitFor(() => expect(links.takeSent('read')).toContain('TRACKING'), soon);
    const [id = ''] = await idsOf('read');
    await bed.redis.client('KILL', 'ID', id);
    await vi.waitFor(async () => expect(await idsOf('read')).not.toContain(id), soon);
    release();
    await vi.waitFor(() => expect(serving(traced)).toBe(1), soon);
  });

  it('the one that hears: armed towards the new one, though Redis refused the old', async () => {
    const release = links.hold('read', 'toServer', 'TRACKING');
    const traced = await open();
    await vi.waitFor(() => expect(links.takeSent('read')).toContain('TRACKING'), soon);
    const before = await subscriberOfInvalidations();
    for (const id of before) await bed.redis.client('KILL', 'ID', id);
    await vi.waitFor(async () => {
      const now = await subscriberOfInvalidations();
      expect(now.length).toBe(before.length);
    }, soon);
    release();
    await vi.waitFor(() => expect(serving(traced)).toBe(1), soon);
  });

  it('a Redis that says too late that it tracks is asked again as often as for its proofs', async () => {
    const release = links.hold('read', 'toServer', 'TRACKING');
    const traced = await open();
    await vi.waitFor(() => expect(links.takeSent('read')).toContain('TRACKING'), soon);
    clock.pass(ARMING_MS);
    release();
    await vi.waitFor(() => expect(serving(traced)).toBe(1), soon);
    expect(clock.waiting(REFUSED_MS)).toEqual([]);
  });
});

describe('a Redis that refuses to track', () => {
  it('is asked again once for each pause, not at once', async () => {
    await bed.redis.call('ACL', 'SETUSER', 'untracked', 'on', '>pw', '~*', '&*', '+@all', '-client|tracking');
    const traced = await open(bed.server.url.replace('redis://', 'redis://untracked:pw@'));
    const refused = async () =>
      Number(/cmdstat_client\|tracking:.*rejected_calls=(\d+)/.exec(await bed.redis.info('commandstats'))?.[1] ?? 0);
    await vi.waitFor(() => expect(clock.waiting(REFUSED_MS)).toHaveLength(1), soon);
    const before = await refused();
    clock.pass(REFUSED_MS);
    await vi.waitFor(() => expect(clock.waiting(REFUSED_MS)).toHaveLength(1), soon);
    expect((await refused()) - before).toBe(1);
    await bed.redis.call('ACL', 'SETUSER', 'untracked', '+client|tracking');
    clock.pass(REFUSED_MS);
    await vi.waitFor(() => expect(serving(traced)).toBe(1), soon);
    await bed.redis.call('ACL', 'DELUSER', 'untracked');
  });
});
