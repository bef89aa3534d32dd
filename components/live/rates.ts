import type { EntityCounts, LivePoint } from '../../server/contract/live.ts';
import { readsOf, sumCounts } from './service-series.ts';

/** "Now" is the mean of this many seconds: one second of a small fleet jumps too much to be read. */
export const NOW_SECONDS = 10;
/** Below this many reads in the window a ratio says nothing, and is not shown. */
export const RATIO_READS_MIN = 50;

export interface Rates {
  /** Seconds that were reported in full; 0: nothing can be said. */
  seconds: number;
  /** Per second. */
  hits: number;
  stale: number;
  misses: number;
  unavailable: number;
  reads: number;
  originCalls: number;
  originErrors: number;
  /** (hits + stale) / (hits + stale + misses): what the cache answered of what it was asked. Null under the traffic gate. */
  hitRatio: number | null;
  /** 1 - origin calls / reads: the share of reads that cost the origin nothing. Null under the traffic gate. */
  saved: number | null;
}

/** The last complete seconds of one service, of one entity of it when given. */
export function ratesNow(points: readonly LivePoint[], service: string, entity?: string): Rates {
  const newest = points.at(-1)?.t ?? 0;
  const counts: EntityCounts[] = [];
  let seconds = 0;
  for (const point of points) {
    // Two more than the window: the newest second or two may still be partial.
    if (point.t <= newest - NOW_SECONDS - 2) continue;
    const own = point.services[service];
    if (own === undefined || own.instances < own.expected) continue;
    seconds += 1;
    if (entity === undefined) counts.push(...Object.values(own.entities));
    else if (own.entities[entity] !== undefined) counts.push(own.entities[entity]);
  }
  return ratesOf(sumCounts(counts), seconds);
}

export function ratesOf(sum: EntityCounts, seconds: number): Rates {
  const per = (amount: number) => (seconds === 0 ? 0 : amount / seconds);
  const reads = readsOf(sum);
  const asked = sum.hits + sum.stale + sum.misses;
  return {
    seconds,
    hits: per(sum.hits),
    stale: per(sum.stale),
    misses: per(sum.misses),
    unavailable: per(sum.unavailable),
    reads: per(reads),
    originCalls: per(sum.originCalls),
    originErrors: per(sum.originErrors),
    hitRatio: asked < RATIO_READS_MIN ? null : (sum.hits + sum.stale) / asked,
    saved: reads < RATIO_READS_MIN ? null : Math.max(0, 1 - sum.originCalls / reads),
  };
}

/** Every entity of the service that was read in the window. */
export function entitiesOf(points: readonly LivePoint[], service: string): string[] {
  const names = new Set<string>();
  for (const point of points) for (const name of Object.keys(point.services[service]?.entities ?? {})) names.add(name);
  return [...names].sort();
}
