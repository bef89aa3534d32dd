'use client';
import { useElementSize } from '@mantine/hooks';
import { memo, type ReactNode, useMemo } from 'react';
import { Area, CartesianGrid, ComposedChart, Line, ReferenceArea, ReferenceLine, Tooltip, XAxis, YAxis } from 'recharts';
import type { Second } from '../live/service-series.ts';
import { ChartTooltip } from './chart-tooltip.tsx';
import classes from './charts.module.css';
import { MarkFlag } from './mark-flag.tsx';
import { niceTicks } from './nice-ticks.ts';
import { clock, minuteTicks } from './time-axis.ts';
import type { ChartMarks } from './use-chart-marks.ts';

export interface ChartSeries {
  key: keyof Second & string;
  label: string;
  color: string;
  /** `area` series of one chart are stacked. */
  kind: 'area' | 'line';
  fill?: string;
  dash?: string;
}

interface TimeChartProps {
  data: readonly Second[];
  series: readonly ChartSeries[];
  height: number;
  /** Turns an amount into text with its unit. */
  format: (value: number) => string;
  /** Short form for the axis; `format` when left out. */
  formatTick?: (value: number) => string;
  marks: ChartMarks;
  /** 1024 for bytes: their round amounts are binary. */
  base?: 10 | 1024;
  /** What the chart shows right now, for those who cannot see it. */
  summary: string;
  /** A horizontal line at an amount that matters. */
  limit?: number | undefined;
}

const MARGIN = { top: 14, right: 8, bottom: 0, left: 0 };
const AXIS = { fontSize: 11, fill: 'var(--sb-axis)' };

/** Amounts over the live window: from zero, gaps as gaps, operators' acts as marks. Draws nothing until it knows its width. */
export const TimeChart = memo(function TimeChart(props: TimeChartProps) {
  const { data, series, height, format, formatTick = format, marks, base, summary, limit } = props;
  const { ref, width } = useElementSize();
  const from = data[0]?.atMs ?? 0;
  const to = data.at(-1)?.atMs ?? 0;
  const ticks = useMemo(() => minuteTicks(from, to, width), [from, to, width]);
  const top = useMemo(() => Math.max(limit ?? 0, highest(data, series)), [data, series, limit]);
  const amounts = niceTicks(top, height < 140 ? 2 : 4, base);
  const partial = useMemo(() => partialRanges(data), [data]);
  return (
    <figure ref={ref} className={classes['plot']} style={{ height }} aria-label={summary}>
      {width > 0 && data.length > 0 && (
        <ComposedChart data={[...data]} width={width} height={height} margin={MARGIN} title={summary}>
          <CartesianGrid vertical={false} stroke="var(--sb-grid)" />
          <XAxis
            dataKey="atMs"
            type="number"
            domain={[from, to]}
            allowDataOverflow
            ticks={ticks}
            tickFormatter={clock}
            tick={AXIS}
            tickLine={false}
            axisLine={{ stroke: 'var(--sb-grid)' }}
            height={20}
            minTickGap={8}
          />
          <YAxis
            width={52}
            domain={[0, amounts.at(-1) ?? 1]}
            ticks={amounts}
            tickFormatter={(value: number) => formatTick(value).replaceAll(' ', '\u00a0')}
            tick={AXIS}
            tickLine={false}
            axisLine={false}
          />
          {partial.map(([start, end]) => (
            <ReferenceArea key={`p${start}`} x1={start} x2={end} fill="url(#sb-fill-partial)" fillOpacity={0.5} ifOverflow="hidden" />
          ))}
          {marks.bands.map((band) => (
            <ReferenceArea
              key={band.id}
              x1={Math.max(from, band.fromMs)}
              x2={Math.min(to, band.toMs)}
              fill="var(--sb-mark)"
              fillOpacity={0.14}
              ifOverflow="hidden"
            />
          ))}
          <Tooltip
            isAnimationActive={false}
            cursor={{ stroke: 'var(--sb-axis)', strokeDasharray: '2 2' }}
            content={(tip): ReactNode => (
              <ChartTooltip active={tip.active === true} atMs={tip.label} data={data} series={series} format={format} />
            )}
          />
          {series.map((one) =>
            one.kind === 'area' ? (
              <Area
                key={one.key}
                dataKey={one.key}
                stackId="all"
                type="linear"
                stroke="none"
                fill={one.fill ?? one.color}
                fillOpacity={0.85}
                isAnimationActive={false}
                connectNulls={false}
                dot={false}
                activeDot={false}
              />
            ) : (
              <Line
                key={one.key}
                dataKey={one.key}
                type="linear"
                stroke={one.color}
                strokeWidth={1.5}
                {...(one.dash === undefined ? {} : { strokeDasharray: one.dash })}
                isAnimationActive={false}
                connectNulls={false}
                dot={false}
                activeDot={{ r: 3 }}
              />
            ),
          )}
          {limit !== undefined && <ReferenceLine y={limit} stroke="var(--sb-limit)" strokeDasharray="4 3" ifOverflow="extendDomain" />}
          {marks.lines
            .filter((mark) => mark.atMs >= from && mark.atMs <= to)
            .map((mark) => (
              <ReferenceLine
                key={mark.id}
                x={mark.atMs}
                stroke="var(--sb-mark)"
                strokeDasharray="3 2"
                label={(label: { viewBox?: unknown }) => <MarkFlag viewBox={label.viewBox} mark={mark} />}
              />
            ))}
        </ComposedChart>
      )}
    </figure>
  );
});

/** The highest point of the drawing: areas are stacked, lines are not. */
function highest(data: readonly Second[], series: readonly ChartSeries[]): number {
  let top = 0;
  for (const second of data) {
    let stack = 0;
    for (const one of series) {
      const value = second[one.key];
      if (typeof value !== 'number') continue;
      stack = one.kind === 'area' ? stack + value : Math.max(stack, value);
    }
    top = Math.max(top, stack);
  }
  return top;
}

/** Runs of seconds in which fewer instances reported than run, as [first, last] in ms. */
function partialRanges(data: readonly Second[]): [number, number][] {
  const ranges: [number, number][] = [];
  for (const second of data) {
    if (!second.partial) continue;
    const last = ranges.at(-1);
    if (last !== undefined && second.atMs - last[1] <= 1_000) last[1] = second.atMs;
    else ranges.push([second.atMs - 500, second.atMs]);
  }
  return ranges;
}
