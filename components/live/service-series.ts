import type { EntityCounts, LivePoint, ServicePoint } from '../../server/contract/live.ts';

/** One second of one service (or of one entity of it), ready to draw. Every field is per second; null where nothing was reported. */
export interface Second {
  /** ms since 1970, for the time axis. */
  atMs: number;
  hits: number | null;
  stale: number | null;
  misses: number | null;
  unavailable: number | null;
  reads: number | null;
  /** Reads, those of entities that are never cached too: each of them is one call of the origin, and has no outcome. */
  demand: number | null;
  originCalls: number | null;
  originErrors: number | null;
  /** ms */
  p50: number | null;
  p95: number | null;
  p99: number | null;
  evicted: number | null;
  expired: number | null;
  memoryBytes: number | null;
  fragmentation: number | null;
  /** Fewer instances reported than run: the second's amounts are too small. */
  partial: boolean;
  instances: number;
  expected: number;
}

const ARRIVING_SECONDS = 2;
/** What is older than this is no longer "now". */
const NOW_MS = 10_000;

const none: EntityCounts = {
  hits: 0,
  l1Hits: 0,
  stale: 0,
  misses: 0,
  unavailable: 0,
  originCalls: 0,
  originErrors: 0,
  invalidations: 0,
  sets: 0,
  fillsRejected: 0,
};

/** Sums the counts of the given entities. */
export function sumCounts(counts: Iterable<EntityCounts>): EntityCounts {
  const sum = { ...none };
  for (const one of counts) {
    sum.hits += one.hits;
    sum.l1Hits += one.l1Hits;
    sum.stale += one.stale;
    sum.misses += one.misses;
    sum.unavailable += one.unavailable;
    sum.originCalls += one.originCalls;
    sum.originErrors += one.originErrors;
    sum.invalidations += one.invalidations;
    sum.sets += one.sets;
    sum.fillsRejected += one.fillsRejected;
  }
  return sum;
}

/** Calls of the origin for entities that had no read with an outcome: those that are never cached. */
export function uncachedCalls(parts: Iterable<EntityCounts>): number {
  let calls = 0;
  for (const one of parts) if (readsOf(one) === 0) calls += one.originCalls;
  return calls;
}

export const readsOf = (counts: EntityCounts): number => counts.hits + counts.stale + counts.misses + counts.unavailable;

/** Up to when a second tells, ms since 1970; null of none. */
export const endOf = (second: { atMs: number } | undefined): number | null => (second === undefined ? null : second.atMs + 1_000);

/** The newest second that knows this field, if that was just now: what was last heard of a silent fleet or Redis is not how it stands. */
export function newestKnown(data: readonly Second[], field: keyof Second): Second | undefined {
  const newest = data.at(-1);
  const known = data.findLast((second) => second[field] !== null);
  return newest === undefined || known === undefined || known.atMs <= newest.atMs - NOW_MS ? undefined : known;
}

/**
 * The window as one entry per second, in order. A second that nobody reported is there with nulls: a gap is drawn as a gap, never
 * bridged and never shown as zero. With `entity`, amounts are that entity's; latency stays the service's.
 */
export function serviceSeries(points: readonly LivePoint[], service: string, windowSeconds: number, entity?: string): Second[] {
  const newest = points.at(-1)?.t;
  if (newest === undefined) return [];
  const byTime = new Map(points.map((point) => [point.t, point]));
  const seconds = Array.from({ length: windowSeconds }, (_, index) => {
    const t = newest - windowSeconds + 1 + index;
    return second(t, byTime.get(t), service, entity);
  });
  // The newest second or two are still being reported: drawn, they would look like a dip at the right end.
  for (let cut = 0; cut < ARRIVING_SECONDS; cut += 1) {
    const last = seconds.at(-1);
    if (last === undefined || !(last.partial || last.reads === null)) break;
    seconds.pop();
  }
  return seconds;
}

function second(t: number, point: LivePoint | undefined, service: string, entity: string | undefined): Second {
  const own = point?.services[service];
  const counts = own === undefined ? null : sumCounts(partsOf(own, entity));
  return {
    atMs: t * 1_000,
    hits: counts?.hits ?? null,
    stale: counts?.stale ?? null,
    misses: counts?.misses ?? null,
    unavailable: counts?.unavailable ?? null,
    reads: counts === null ? null : readsOf(counts),
    demand: own === undefined || counts === null ? null : readsOf(counts) + uncachedCalls(partsOf(own, entity)),
    originCalls: counts?.originCalls ?? null,
    originErrors: counts?.originErrors ?? null,
    p50: own?.latency.p50 ?? null,
    p95: own?.latency.p95 ?? null,
    p99: own?.latency.p99 ?? null,
    evicted: point?.redis.evictedPerSecond ?? null,
    expired: point?.redis.expiredPerSecond ?? null,
    memoryBytes: point?.redis.memoryUsedBytes ?? null,
    fragmentation: point?.redis.fragmentationRatio ?? null,
    partial: own !== undefined && own.instances < own.expected,
    instances: own?.instances ?? 0,
    expected: own?.expected ?? 0,
  };
}

function partsOf(point: ServicePoint, entity: string | undefined): EntityCounts[] {
  return entity === undefined ? Object.values(point.entities) : [point.entities[entity] ?? none];
}
