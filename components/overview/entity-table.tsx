'use client';
import { UnstyledButton } from '@mantine/core';
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import type { LivePoint } from '../../server/contract/live.ts';
import type { ServiceRef } from '../../server/contract/service-ref.ts';
import { formatCount, formatDuration, formatRatio } from '../../server/contract/units.ts';
import { AsOf } from '../charts/as-of.tsx';
import { setParams } from '../layout/set-params.ts';
import { useLiveState } from '../live/live-context.tsx';
import { NOW_SECONDS, RATIO_READS_MIN } from '../live/rates.ts';
import { type EntityRow, entityRows, type Sort, type SortColumn, sortRows } from './entity-rows.ts';
import classes from './overview.module.css';

const columns: readonly { id: SortColumn; label: string; text: (row: EntityRow) => string }[] = [
  { id: 'reads', label: 'reads/s', text: (row) => formatCount(row.reads + row.uncached) },
  {
    id: 'hitRatio',
    label: 'hit ratio',
    text: (row) => (row.hitRatio === null ? (row.uncached > 0 ? 'not cached' : '—') : formatRatio(row.hitRatio)),
  },
  { id: 'l1Hits', label: 'L1/s', text: (row) => formatCount(row.l1Hits) },
  { id: 'stale', label: 'stale/s', text: (row) => formatCount(row.stale) },
  { id: 'misses', label: 'misses/s', text: (row) => formatCount(row.misses) },
  { id: 'unavailable', label: 'unavail./s', text: (row) => formatCount(row.unavailable) },
  { id: 'originCalls', label: 'origin/s', text: (row) => formatCount(row.originCalls) },
  { id: 'p95', label: 'p95', text: (row) => (row.p95 === null ? '—' : formatDuration(row.p95)) },
  { id: 'originErrors', label: 'errors/s', text: (row) => formatCount(row.originErrors) },
];

interface EntityTableProps {
  scope: ServiceRef;
  points: readonly LivePoint[];
  selected: string | undefined;
}

/** Every entity with its rates now. Choosing one filters the charts by it. */
export function EntityTable({ scope, points, selected }: EntityTableProps) {
  const [sort, setSort] = useState<Sort>({ column: 'reads', descending: true });
  const latency = useLiveState((state) => state.entityLatency);
  const rows = useMemo(() => sortRows(entityRows(points, scope, latency ?? []), sort), [points, scope, latency, sort]);
  const newest = Math.max(0, ...rows.map(({ knownToMs }) => knownToMs ?? 0));
  // A fleet without an L1 has nothing to say there.
  const shown = rows.some((row) => row.l1Hits > 0) ? columns : columns.filter(({ id }) => id !== 'l1Hits');
  const sortBy = (column: SortColumn) => setSort({ column, descending: sort.column === column ? !sort.descending : column !== 'entity' });
  return (
    <section className={classes['card']} aria-label="Entities">
      <h2 className={classes['cardTitle']}>
        Which entity?
        <span>
          means of {NOW_SECONDS} s<AsOf knownToMs={newest === 0 ? null : newest} />; a ratio needs {RATIO_READS_MIN} reads
        </span>
      </h2>
      <div className={classes['tableScroll']}>
        <table className={classes['entities']}>
          <thead>
            <tr>
              <SortHead id="entity" label="entity" sort={sort} onSort={sortBy} />
              {shown.map((column) => (
                <SortHead key={column.id} id={column.id} label={column.label} sort={sort} onSort={sortBy} />
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.entity} data-selected={row.entity === selected || undefined}>
                <th scope="row">
                  <UnstyledButton
                    className={classes['entityButton'] ?? ''}
                    aria-pressed={row.entity === selected}
                    title={row.entity}
                    onClick={() => setParams({ entity: row.entity === selected ? null : row.entity }, 'push')}
                  >
                    {row.entity}
                  </UnstyledButton>
                </th>
                {shown.map((column) => (
                  <td
                    key={column.id}
                    data-warn={((column.id === 'unavailable' || column.id === 'originErrors') && row[column.id] > 0) || undefined}
                  >
                    {row.seconds === 0 ? '—' : column.text(row)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
        {rows.length === 0 && <p className={classes['empty']}>Nothing was read in this window.</p>}
      </div>
    </section>
  );
}

interface SortHeadProps {
  id: SortColumn;
  label: string;
  sort: Sort;
  onSort: (column: SortColumn) => void;
}

function SortHead({ id, label, sort, onSort }: SortHeadProps) {
  const active = sort.column === id;
  return (
    <th scope="col" aria-sort={active ? (sort.descending ? 'descending' : 'ascending') : 'none'}>
      <UnstyledButton className={classes['sortButton'] ?? ''} data-active={active || undefined} onClick={() => onSort(id)}>
        {label}
        {active && (sort.descending ? <IconArrowDown size={12} aria-hidden="true" /> : <IconArrowUp size={12} aria-hidden="true" />)}
      </UnstyledButton>
    </th>
  );
}
