import type { EntityLatency, LivePoint } from '../../server/contract/live.ts';
import { serviceKey } from '../../server/contract/live.ts';
import type { ServiceRef } from '../../server/contract/service-ref.ts';
import { entitiesOf, type Rates, ratesNow } from '../live/rates.ts';

export interface EntityRow extends Rates {
  entity: string;
  /** ms over the window; null where nothing was read. */
  p95: number | null;
}

export type SortColumn =
  | 'entity'
  | 'reads'
  | 'hitRatio'
  | 'l1Hits'
  | 'stale'
  | 'misses'
  | 'unavailable'
  | 'originCalls'
  | 'p95'
  | 'originErrors';
export interface Sort {
  column: SortColumn;
  descending: boolean;
}

/** One row for each entity that was read in the window, with its rates now. */
export function entityRows(points: readonly LivePoint[], scope: ServiceRef, latency: readonly EntityLatency[]): EntityRow[] {
  const service = serviceKey(scope);
  const p95 = new Map(
    latency.filter((one) => one.env === scope.env && one.service === scope.service).map((one) => [one.entity, one.latency.p95]),
  );
  return entitiesOf(points, service).map((entity) => ({ entity, ...ratesNow(points, service, entity), p95: p95.get(entity) ?? null }));
}

/** What is not known comes last either way; equal rows by name, so that they do not jump each second. */
export function sortRows(rows: readonly EntityRow[], { column, descending }: Sort): EntityRow[] {
  return rows.toSorted((a, b) => compare(a, b, column, descending) || a.entity.localeCompare(b.entity));
}

function compare(a: EntityRow, b: EntityRow, column: SortColumn, descending: boolean): number {
  const sign = descending ? -1 : 1;
  if (column === 'entity') return sign * a.entity.localeCompare(b.entity);
  if (column === 'reads') return sign * (a.reads + a.uncached - b.reads - b.uncached);
  const left = a[column];
  const right = b[column];
  if (left === null || right === null) return left === right ? 0 : left === null ? 1 : -1;
  return sign * (left - right);
}
