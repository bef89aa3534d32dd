'use client';
import { ActionIcon } from '@mantine/core';
import { IconChartAreaLine, IconTable } from '@tabler/icons-react';
import { type ReactNode, useId, useState } from 'react';
import { Hint } from '../layout/hint.tsx';
import type { Second } from '../live/service-series.ts';
import classes from './charts.module.css';
import { Swatch } from './swatch.tsx';
import { clock } from './time-axis.ts';
import type { ChartSeries } from './time-chart.tsx';
import { useAsOf } from './use-as-of.ts';

const TABLE_SECONDS = 60;

interface ChartFrameProps {
  /** The question that the chart answers. */
  title: string;
  /** The one figure to take away, with its unit. */
  now?: ReactNode;
  /** The end of the newest second in the figures, ms since 1970; null where nothing is known. */
  knownToMs: number | null;
  series: readonly ChartSeries[];
  /** The "now" value of each series, in order, with unit. */
  values: readonly string[];
  data: readonly Second[];
  format: (value: number) => string;
  height: number;
  note?: ReactNode;
  children: ReactNode;
}

/** Title, legend with "now" values, and the same seconds as a table for those who cannot read a chart. */
export function ChartFrame({ title, now, knownToMs, series, values, data, format, height, note, children }: ChartFrameProps) {
  const [asTable, setAsTable] = useState(false);
  const titleId = useId();
  return (
    <section className={classes['frame']} aria-labelledby={titleId}>
      <header className={classes['head']}>
        <h2 id={titleId} className={classes['title']}>
          {title}
        </h2>
        {now !== undefined && <span className={classes['now']}>{now}</span>}
        <Hint label={asTable ? 'Show as a chart' : 'Show as a table'}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="sm"
            aria-label={asTable ? `Show “${title}” as a chart` : `Show “${title}” as a table`}
            onClick={() => setAsTable(!asTable)}
          >
            {asTable ? <IconChartAreaLine size={15} /> : <IconTable size={15} />}
          </ActionIcon>
        </Hint>
      </header>
      {asTable ? <SecondsTable title={title} series={series} data={data} format={format} height={height} /> : children}
      <ul className={classes['legend']}>
        {series.map((one, index) => (
          <li key={one.key}>
            <Swatch {...(one.kind === 'area' ? { fill: one.fill ?? one.color } : { line: { color: one.color, dash: one.dash } })} />
            <span>{one.label}</span>
            <strong>{values[index] ?? '—'}</strong>
          </li>
        ))}
        <Note knownToMs={knownToMs}>{note}</Note>
      </ul>
    </section>
  );
}

/** The last of the legend, where there is something to say. A component of its own, as `AsOf` is. */
function Note({ knownToMs, children }: { knownToMs: number | null; children: ReactNode }) {
  const asOf = useAsOf(knownToMs);
  if (asOf === null && children === undefined) return null;
  return (
    <li className={classes['note']}>
      {asOf !== null && <span data-as-of>{asOf}</span>}
      {children}
    </li>
  );
}

function SecondsTable({ title, series, data, format, height }: Pick<ChartFrameProps, 'title' | 'series' | 'data' | 'format' | 'height'>) {
  const rows = data.slice(-TABLE_SECONDS).toReversed();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section className={classes['tableScroll']} style={{ height }} aria-label={`${title}, second by second`} tabIndex={0}>
      <table className={classes['table']}>
        <thead>
          <tr>
            <th scope="col">time</th>
            {series.map((one) => (
              <th key={one.key} scope="col">
                {one.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((second) => (
            <tr key={second.atMs}>
              <th scope="row">{clock(second.atMs)}</th>
              {series.map((one) => {
                const value = second[one.key];
                return <td key={one.key}>{typeof value === 'number' ? format(value) : 'no report'}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
