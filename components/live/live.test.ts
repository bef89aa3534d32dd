import { describe, expect, it } from 'vitest';
import type { EntityCounts, LivePoint, LiveState } from '../../server/contract/live.ts';
import { isSilent } from './is-silent.ts';
import { createLiveStore } from './live-store.ts';
import { oldSince } from './old-since.ts';
import { ratesNow } from './rates.ts';
import { serverNow } from './server-now.ts';
import { endOf, newestKnown, serviceSeries } from './service-series.ts';
import { upsertPoints } from './upsert-points.ts';
import { SEEN_FOR_MS, watchedTabs } from './watched-tabs.ts';

const SHOP = 'shop';
const counts = (over: Partial<EntityCounts> = {}): EntityCounts => ({
  hits: 0,
  stale: 0,
  misses: 0,
  unavailable: 0,
  originCalls: 0,
  originErrors: 0,
  invalidations: 0,
  sets: 0,
  fillsRejected: 0,
  l1Hits: 0,
  ...over,
});
const point = (
  t: number,
  entities: Record<string, EntityCounts> = { product: counts({ hits: 80, misses: 20, originCalls: 20 }) },
  instances = 3,
): LivePoint => ({
  t,
  services: { [SHOP]: { instances, expected: 3, latency: { p50: 1, p95: 2, p99: 3 }, entities } },
  redis: { evictedPerSecond: 0, expiredPerSecond: 0, memoryUsedBytes: 1, fragmentationRatio: 1 },
});
const state = (nowMs: number): LiveState => ({
  nowMs,
  redis: {
    state: 'up',
    reason: null,
    sinceMs: 0,
    address: '',
    version: null,
    maxMemoryBytes: null,
    memoryUsedBytes: null,
    fragmentationRatio: null,
    maxMemoryPolicy: null,
    keys: null,
  },
  store: { state: 'up', reason: null, sinceMs: 0 },
  services: [{ env: 'demo', service: 'shop' }],
  instances: [],
  instancesKnownToMs: null,
  experiments: [],
  entityLatency: [],
  topKeys: [],
  marks: [],
});

describe('what is known now', () => {
  const silent = (t: number): LivePoint => ({ ...point(t), services: {} });

  it('is the newest second that was reported', () => {
    const data = serviceSeries([point(100), point(101), silent(102), silent(103), silent(104)], SHOP, 20);
    expect(newestKnown(data, 'p95')).toMatchObject({ atMs: 101_000, p95: 2 });
  });

  it('is nothing once the fleet has been silent for ten seconds', () => {
    const points = [point(100), ...Array.from({ length: 14 }, (_, index) => silent(101 + index))];
    expect(newestKnown(serviceSeries(points, SHOP, 60), 'p95')).toBeUndefined();
    expect(newestKnown(serviceSeries(points, SHOP, 60), 'memoryBytes')?.atMs).toBe(112_000);
  });
});

describe('a figure', () => {
  /** A browser whose clock is an hour behind the server's: what it saw last ended at 101 s by that clock, and came two seconds later. */
  function seenAt(sinceMs: number) {
    const receivedAtMs = 103_000 - 3_600_000;
    const store = createLiveStore(() => receivedAtMs);
    store.accept({ type: 'snapshot', state: state(103_000), points: [point(99), point(100)], windowSeconds: 20 });
    return { points: store.get().points, nowMs: serverNow(store.get(), receivedAtMs + sinceMs) };
  }
  const known = (points: readonly LivePoint[]) => [
    ratesNow(points, SHOP).knownToMs,
    endOf(newestKnown(serviceSeries(points, SHOP, 20), 'p95')),
    endOf(newestKnown(serviceSeries(points, SHOP, 20), 'evicted')),
  ];

  it('tells of now until its newest second ended more than four seconds ago, and then of that moment', () => {
    for (const sinceMs of [0, 2_000]) {
      const { points, nowMs } = seenAt(sinceMs);
      expect(known(points).map((knownToMs) => oldSince(knownToMs, nowMs))).toEqual([null, null, null]);
    }
    for (const sinceMs of [2_001, 60_000]) {
      const { points, nowMs } = seenAt(sinceMs);
      expect(known(points).map((knownToMs) => oldSince(knownToMs, nowMs))).toEqual([101_000, 101_000, 101_000]);
    }
  });

  it('is as old as the newest second that it was made of, not as what came after it without one', () => {
    const silent = { ...point(104), services: {} };
    expect(ratesNow([point(100), silent], SHOP).knownToMs).toBe(101_000);
    expect(ratesNow([point(100), point(103, undefined, 1)], SHOP).knownToMs).toBe(101_000);
    expect(oldSince(101_000, 106_000)).toBe(101_000);
  });

  it('of which nothing is known is not old either', () => {
    expect(ratesNow([], SHOP).knownToMs).toBeNull();
    expect(endOf(newestKnown([], 'p95'))).toBeNull();
    expect(oldSince(null, 60_000)).toBeNull();
    expect(oldSince(101_000, serverNow(createLiveStore(() => 0).get(), 60_000))).toBeNull();
  });

  it('that is asked for now and then is not old before it was to be asked for again', () => {
    expect([oldSince(101_000, 110_000, 5_000), oldSince(101_000, 110_001, 5_000)]).toEqual([null, 101_000]);
  });
});

describe('points', () => {
  it('a late frame changes its own second, and order holds', () => {
    const points = upsertPoints([point(1), point(3)], [point(2), point(3, {})], 300);
    expect(points.map(({ t }) => t)).toEqual([1, 2, 3]);
    expect(points[2]?.services[SHOP]?.entities).toEqual({});
  });
  it('the window is bounded', () => {
    expect(upsertPoints([point(1), point(2)], [point(11)], 10).map(({ t }) => t)).toEqual([2, 11]);
  });
});

describe('the live store', () => {
  it('keeps the identity of what a tick did not change', () => {
    const store = createLiveStore(() => 0);
    store.accept({ type: 'snapshot', state: state(1), points: [point(1)], windowSeconds: 300 });
    const before = store.get().state;
    store.accept({ type: 'tick', state: state(2), points: [] });
    expect(store.get().state?.nowMs).toBe(2);
    expect(store.get().state?.services).toBe(before?.services);
  });
  it('a pause holds the charts and nothing else', () => {
    const store = createLiveStore(() => 0);
    store.accept({ type: 'snapshot', state: state(1), points: [point(1)], windowSeconds: 300 });
    store.setPaused(true);
    store.accept({ type: 'tick', state: { ...state(2), marks: [] }, points: [point(2)] });
    expect([store.get().shown.length, store.get().points.length, store.get().state?.nowMs]).toEqual([1, 2, 2]);
    store.setPaused(false);
    expect(store.get().shown.length).toBe(2);
  });
  it('a snapshot takes the place of all that was there', () => {
    const store = createLiveStore(() => 0);
    store.accept({ type: 'snapshot', state: state(1), points: [point(1), point(2)], windowSeconds: 300 });
    store.accept({ type: 'snapshot', state: state(3), points: [point(3)], windowSeconds: 60 });
    expect([store.get().points.length, store.get().windowSeconds]).toEqual([1, 60]);
  });
});

describe('a stream', () => {
  function watched() {
    let nowMs = 1_000_000;
    const store = createLiveStore(() => nowMs);
    const silentIn = (ms: number) => {
      nowMs += ms;
      return isSilent(store.get(), nowMs);
    };
    const hear = () => store.accept({ type: 'snapshot', state: state(1), points: [], windowSeconds: 20 });
    return { store, silentIn, hear };
  }

  it('is silent ten seconds after its last message, whether it looks open, ended, or never brought one', () => {
    const { store, silentIn, hear } = watched();
    expect([silentIn(10_000), silentIn(1)]).toEqual([false, true]);
    hear();
    expect([silentIn(10_000), silentIn(1)]).toEqual([false, true]);
    hear();
    silentIn(5_000);
    store.setStatus('connecting');
    expect([silentIn(10_000), silentIn(1)]).toEqual([false, true]);
    store.setStatus('connecting');
    expect(silentIn(0)).toBe(true);
  });

  it('that rested while nobody looked is not silent for that', () => {
    const { store, silentIn, hear } = watched();
    hear();
    store.setStatus('paused');
    expect(silentIn(3_600_000)).toBe(false);
    store.setStatus('connecting');
    expect(silentIn(10_000)).toBe(false);
    hear();
    expect(silentIn(10_000)).toBe(false);
  });

  it('of a session that ended is not silent', () => {
    const { store, silentIn } = watched();
    store.setStatus('signed-out');
    expect(silentIn(60_000)).toBe(false);
  });
});

describe('a series', () => {
  it('a second without a report is a gap, not a zero', () => {
    const series = serviceSeries([point(1), point(3)], SHOP, 3);
    expect(series.map(({ hits }) => hits)).toEqual([80, null, 80]);
  });
  it('newest seconds that are still arriving are left out, older partial ones are marked', () => {
    const series = serviceSeries([point(1, {}, 2), point(2), point(3, {}, 1)], SHOP, 3);
    expect(series.map(({ atMs, partial }) => [atMs, partial])).toEqual([
      [1_000, true],
      [2_000, false],
    ]);
  });
  it('an entity has its own amounts', () => {
    const entities = { product: counts({ hits: 5 }), cart: counts({ misses: 2 }) };
    expect(serviceSeries([point(1, entities)], SHOP, 1, 'cart')[0]).toMatchObject({ hits: 0, misses: 2, reads: 2 });
  });
});

describe('rates now', () => {
  it('unavailable reads are no part of the hit ratio', () => {
    const rates = ratesNow([point(1, { product: counts({ hits: 80, misses: 20, unavailable: 100 }) })], SHOP);
    expect([rates.hitRatio, rates.unavailable]).toEqual([0.8, 100]);
  });
  it('too few reads give no ratio', () => {
    expect(ratesNow([point(1, { product: counts({ hits: 10 }) })], SHOP).hitRatio).toBeNull();
  });
  it('partial seconds are left out while there are complete ones', () => {
    const rates = ratesNow([point(1), point(2, { product: counts({ hits: 1 }) }, 1)], SHOP);
    expect([rates.seconds, rates.reads]).toEqual([1, 100]);
  });
  it('what is never cached counts as asked for, and saves nothing', () => {
    const rates = ratesNow(
      [point(1, { product: counts({ hits: 75, misses: 25, originCalls: 25 }), payment: counts({ originCalls: 100 }) })],
      SHOP,
    );
    expect([rates.uncached, rates.saved]).toEqual([100, 0.375]);
  });
});

describe('tabs that are looked at', () => {
  it('a tab that fell silent is forgotten', () => {
    let now = 0;
    const tabs = watchedTabs(() => now);
    tabs.saw('a', true);
    expect(tabs.any()).toBe(true);
    now = SEEN_FOR_MS;
    expect(tabs.any()).toBe(false);
  });
  it('the stream rests only when none is visible', () => {
    const tabs = watchedTabs(() => 0);
    tabs.saw('a', true);
    tabs.saw('b', true);
    tabs.saw('a', false);
    expect(tabs.any()).toBe(true);
    tabs.saw('b', false);
    expect(tabs.any()).toBe(false);
  });
});
