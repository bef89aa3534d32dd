import fc from 'fast-check';
import type { HistoryEvent, Stamp } from './history-event.ts';

/** The first number that the origin has not given out. */
const SEQ_MAX = 7;
const POINTS = 4;
/** In places of a history, as its times are. */
export const BOUND_US = 6;
export const isIssued = (_key: string, seq: number): boolean => seq < SEQ_MAX;

/** What is drawn for one operation; what it becomes depends on the others, so that times differ and values are those of other operations. */
const draft = fc.record({
  kind: fc.constantFrom('read', 'read', 'read', 'invalidate', 'soften', 'soften', 'set', 'write', 'bump', 'bump', 'undo', 'undo', 'remove'),
  /** Three of its own time, and when the load of what it reads began. */
  points: fc.tuple(fc.nat(200), fc.nat(200), fc.nat(200), fc.nat(200)),
  entity: fc.constantFrom('product', 'product', 'product', 'price'),
  id: fc.constantFrom('1', '1', '1', '1', '2'),
  acked: fc.boolean(),
  process: fc.constantFrom('p1', 'p1', 'p2'),
  tier: fc.constantFrom('l1' as const, null),
  via: fc.constantFrom('getOrSet', 'get', 'peek', 'peek'),
  called: fc.constantFrom('fresh', 'fresh', 'stale'),
  valueOf: fc.option(fc.nat(20), { nil: null }),
  oddity: fc.constantFrom(...Array.from({ length: 12 }, () => 'none' as const), 'unknown', 'cross-key', 'nothing'),
  seq: fc.constantFrom(1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6, SEQ_MAX),
  revs: fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { minLength: 2, maxLength: 2 }),
  outcome: fc.constantFrom('acked', 'acked', 'nothing', 'unknown', 'open'),
});
type Draft = typeof draft extends fc.Arbitrary<infer T> ? T : never;

/** Small histories of few keys, in no order; at most one silence; no two points of time are the same. */
export const arbitraryHistory: fc.Arbitrary<HistoryEvent[]> = fc
  .record({
    drafts: fc.array(draft, { minLength: 2, maxLength: 14 }),
    silence: fc.option(fc.tuple(fc.nat(200), fc.nat(200)), { nil: null }),
  })
  .map(({ drafts, silence }) => {
    const ranks = rank([...drafts.flatMap(({ points }) => points), ...(silence ?? [])]);
    const events = drafts.flatMap((one, index) => eventsOf(one, index, drafts, ranks));
    if (silence === null) return events;
    const [from = 0, to = 0] = ranks.slice(drafts.length * POINTS).sort((a, b) => a - b);
    return [...events, { kind: 'silence-begun', atUs: from }, { kind: 'silence-ended', atUs: to }];
  });

/** The place of each among all, from 1; equal ones in the order in which they stand. */
function rank(points: readonly number[]): number[] {
  const order = points.map((_, index) => index).sort((a, b) => (points[a] ?? 0) - (points[b] ?? 0) || a - b);
  const ranks: number[] = [];
  for (const [place, index] of order.entries()) ranks[index] = place + 1;
  return ranks;
}

function eventsOf(one: Draft, index: number, drafts: readonly Draft[], ranks: readonly number[]): HistoryEvent[] {
  const { kind, entity, acked } = one;
  const [startUs, middleUs, endUs] = pointsOf(index, ranks);
  const key = `${entity}/${one.id}`;
  const base = { process: one.process, client: `c${index}`, entity, startUs, endUs };
  const error = acked ? null : 'Error';
  switch (kind) {
    case 'read': {
      const outcome = one.oddity === 'nothing' ? 'none' : 'value';
      const called = one.via === 'peek' ? one.called : null;
      const tier = one.via === 'peek' ? null : one.tier;
      return [{ ...base, kind, via: one.via, key, outcome, stamp: stampOf(one, index, drafts, ranks), called, tier }];
    }
    case 'invalidate':
    case 'soften':
      return [{ ...base, kind, key, acked, error, sinceUs: startUs, valueId: null }];
    case 'set':
      return [{ ...base, kind, key, acked, error, sinceUs: startUs, valueId: `v${index}` }];
    case 'write':
      return [{ ...base, kind, key, acked, error, sinceUs: middleUs, valueId: `v${index}` }];
    case 'bump':
      return [{ ...base, kind, acked, error, rev: acked ? Math.max(...one.revs) : 0 }];
    case 'remove':
      return [{ kind: 'removed', key, valueId: stampOf(one, index, drafts, ranks)?.id ?? '', startUs, endUs }];
    case 'undo': {
      const { outcome } = one;
      const begun: HistoryEvent = { kind: 'undo-begun', process: one.process, undo: `u${index}`, entity, atUs: startUs };
      if (outcome === 'open') return [begun];
      const [restored, rev] = outcome === 'acked' ? [Math.min(...one.revs), Math.max(...one.revs)] : [0, 0];
      return [begun, { ...base, kind: 'undo-ended', undo: `u${index}`, outcome, restored, rev }];
    }
  }
}

/** Of the value that some operation of the history has written to the key, if it is so drawn and there is one; else of a load. */
function stampOf(one: Draft, index: number, drafts: readonly Draft[], ranks: readonly number[]): Stamp | null {
  if (one.oddity === 'unknown') return null;
  const key = one.oddity === 'cross-key' ? 'product/3' : `${one.entity}/${one.id}`;
  const { seq } = one;
  const writers = [...drafts.entries()].filter(
    ([, { kind, entity, id }]) => (kind === 'set' || kind === 'write') && entity === one.entity && id === one.id,
  );
  const writer = one.valueOf === null ? undefined : writers[one.valueOf % Math.max(1, writers.length)];
  if (writer === undefined) return { key, seq, id: `v${index}`, sinceUs: ranks[index * POINTS + 3] ?? 0, by: 'load' };
  const [at, { kind }] = writer;
  const [sinceUs] = pointsOf(at, ranks);
  return { key, seq, id: `v${at}`, sinceUs, by: kind === 'set' ? 'set' : 'write' };
}

function pointsOf(index: number, ranks: readonly number[]): [number, number, number] {
  const [first = 0, second = 0, third = 0] = ranks.slice(index * POINTS, index * POINTS + 3).sort((a, b) => a - b);
  return [first, second, third];
}
