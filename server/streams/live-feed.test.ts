import { describe, expect, it } from 'vitest';
import type { LivePoint } from '../contract/live.ts';
import { emptyState } from '../testing/control-deps.ts';
import { createLiveFeed } from './live-feed.ts';

const point = (t: number, evictedPerSecond = 0): LivePoint => ({
  t,
  services: {},
  redis: { evictedPerSecond, expiredPerSecond: null, memoryUsedBytes: null, fragmentationRatio: null },
});

function opened() {
  let nowMs = 0;
  let allowed = true;
  const ending = new AbortController();
  const feed = createLiveFeed({ snapshot: () => ({ state: emptyState, points: [point(1)] }), now: () => nowMs });
  const stream = feed.subscribe({ signal: ending.signal, stillAllowed: async () => allowed });
  return {
    feed,
    stream,
    ending,
    pass: (ms: number) => {
      nowMs += ms;
    },
    forbid: () => {
      allowed = false;
    },
  };
}

describe('the live feed', () => {
  it('gives a snapshot first, then what changed', async () => {
    const { feed, stream } = opened();
    expect((await stream.next()).value).toMatchObject({ type: 'snapshot', points: [{ t: 1 }] });
    const next = stream.next();
    feed.publish({ ...emptyState, nowMs: 7 }, [point(2)]);
    expect((await next).value).toMatchObject({ type: 'tick', state: { nowMs: 7 }, points: [{ t: 2 }] });
  });

  it('a slow reader gets the newest of each second, not a queue', async () => {
    const { feed, stream } = opened();
    await stream.next();
    feed.publish(emptyState, [point(2, 1)]);
    feed.publish(emptyState, [point(2, 5), point(3)]);
    feed.publish({ ...emptyState, nowMs: 9 }, [point(4)]);
    expect((await stream.next()).value).toMatchObject({
      state: { nowMs: 9 },
      points: [{ t: 2, redis: { evictedPerSecond: 5 } }, { t: 3 }, { t: 4 }],
    });
  });

  it('ends with its request', async () => {
    const { stream, ending } = opened();
    await stream.next();
    const next = stream.next();
    ending.abort();
    expect(await next).toEqual({ done: true, value: undefined });
  });

  it('of a console that ends tells nobody how it looks without its parts', async () => {
    const { feed, ending } = opened();
    feed.close();
    const late = feed.subscribe({ signal: ending.signal, stillAllowed: async () => true });
    expect(await late.next()).toEqual({ done: true, value: undefined });
  });

  it('ends when the console ends', async () => {
    const { feed, stream } = opened();
    await stream.next();
    const next = stream.next();
    feed.close();
    expect(await next).toEqual({ done: true, value: undefined });
  });

  it('ends within ten seconds of the session', async () => {
    const { feed, stream, pass, forbid } = opened();
    await stream.next();
    forbid();
    pass(9_000);
    const next = stream.next();
    feed.publish(emptyState, []);
    await expect(next).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});
