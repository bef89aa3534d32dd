import type { EntityCounts, LivePoint } from '../../server/contract/live.ts';
import { endOf, readsOf, sumCounts, uncachedCalls } from './service-series.ts';

/** "Now" is the mean of this many seconds: one second of a small fleet jumps too much to be read. */
export const NOW_SECONDS = 10;
/** Below this many reads in the window a ratio says nothing, and is not shown. */
export const RATIO_READS_MIN = 50;

export interface Rates {
  /** Seconds that were reported in full; 0: nothing can be said. */
  seconds: number;
  /** The end of the newest of them, ms since 1970; null where there is none. */
  knownToMs: number | null;
  /** Per second. */
  hits: number;
  /** Of the hits, those that needed no round trip. */
  l1Hits: number;
  stale: number;
  misses: number;
  unavailable: number;
  /** Reads with an outcome. */
  reads: number;
  /** Reads of entities that are never cached: each is one call of the origin. */
  uncached: number;
  originCalls: number;
  originErrors: number;
  /** (hits + stale) / (hits + stale + misses): what the cache answered of what it was asked. Null under the traffic gate. */
  hitRatio: number | null;
  /** 1 - origin calls / (reads + uncached): the share of all reads that cost the origin nothing. Null under the traffic gate. */
  saved: number | null;
}

/** The last complete seconds of one service, of one entity of it when given. */
export function ratesNow(points: readonly LivePoint[], service: string, entity?: string): Rates {
  const newest = points.at(-1)?.t ?? 0;
  const reported = points.flatMap((point) => {
    // Two more than the window: the newest second or two may still be partial.
    const own = point.t > newest - NOW_SECONDS - 2 ? point.services[service] : undefined;
    return own === undefined ? [] : [{ atMs: point.t * 1_000, own }];
  });
  const complete = reported.filter(({ own }) => own.instances >= own.expected);
  // While an instance is missing no second is complete: too small an amount is better than none, and the chart says so.
  const used = complete.length > 0 ? complete : reported;
  const byEntity = new Map<string, EntityCounts[]>();
  for (const { own } of used) {
    for (const [name, counts] of Object.entries(own.entities)) {
      if (entity === undefined || name === entity) byEntity.set(name, [...(byEntity.get(name) ?? []), counts]);
    }
  }
  return {
    ...ratesOf(
      [...byEntity.values()].map((counts) => sumCounts(counts)),
      used.length,
    ),
    knownToMs: endOf(used.at(-1)),
  };
}

/** `parts`: the sums of each entity over the same `seconds`. */
function ratesOf(parts: readonly EntityCounts[], seconds: number): Omit<Rates, 'knownToMs'> {
  const sum = sumCounts(parts);
  const uncached = uncachedCalls(parts);
  const per = (amount: number) => (seconds === 0 ? 0 : amount / seconds);
  const reads = readsOf(sum);
  const asked = sum.hits + sum.stale + sum.misses;
  return {
    seconds,
    hits: per(sum.hits),
    l1Hits: per(sum.l1Hits),
    stale: per(sum.stale),
    misses: per(sum.misses),
    unavailable: per(sum.unavailable),
    reads: per(reads),
    uncached: per(uncached),
    originCalls: per(sum.originCalls),
    originErrors: per(sum.originErrors),
    hitRatio: asked < RATIO_READS_MIN ? null : (sum.hits + sum.stale) / asked,
    saved: reads + uncached < RATIO_READS_MIN ? null : Math.max(0, 1 - sum.originCalls / (reads + uncached)),
  };
}

/** Every entity of the service that was read in the window. */
export function entitiesOf(points: readonly LivePoint[], service: string): string[] {
  const names = new Set<string>();
  for (const point of points) for (const name of Object.keys(point.services[service]?.entities ?? {})) names.add(name);
  return [...names].sort();
}
