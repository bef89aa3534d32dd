'use client';
import { formatCount } from '../../server/contract/units.ts';
import type { Rates } from '../live/rates.ts';
import type { Second } from '../live/service-series.ts';
import { ChartFrame } from './chart-frame.tsx';
import { outcomes } from './outcome.ts';
import { type ChartSeries, TimeChart } from './time-chart.tsx';
import type { ChartMarks } from './use-chart-marks.ts';

const series: readonly ChartSeries[] = outcomes.map(({ key, label, color, pattern }) => ({
  key,
  label,
  color,
  kind: 'area',
  fill: `url(#${pattern})`,
}));
const perSecond = (value: number) => `${formatCount(value)}/s`;

interface ReadsChartProps {
  title: string;
  data: readonly Second[];
  rates: Rates;
  marks: ChartMarks;
  height: number;
}

/** What became of every read: the stacked chart of Overview and of the failure lab. */
export function ReadsChart({ title, data, rates, marks, height }: ReadsChartProps) {
  const values = [rates.hits, rates.stale, rates.misses, rates.unavailable].map(perSecond);
  const shown = rates.seconds === 0 ? ['—', '—', '—', '—'] : values;
  const partial = data.filter((second) => second.partial).length;
  const summary = `${title} Latest, per second: ${outcomes.map(({ label }, index) => `${label} ${shown[index]}`).join(', ')}.`;
  return (
    <ChartFrame
      title={title}
      now={rates.seconds === 0 ? 'no reports' : `${perSecond(rates.reads)} reads`}
      knownToMs={rates.knownToMs}
      series={series}
      values={shown}
      data={data}
      format={perSecond}
      height={height}
      note={
        partial === 0 ? undefined : (
          <span title="Fewer instances reported than run: amounts are too small">{partial} s partial (dotted)</span>
        )
      }
    >
      <TimeChart data={data} series={series} height={height} format={perSecond} marks={marks} summary={summary} />
    </ChartFrame>
  );
}
