'use client';
import { formatCount } from '../../server/contract/units.ts';
import { endOf, newestKnown, type Second } from '../live/service-series.ts';
import { ChartFrame } from './chart-frame.tsx';
import { type ChartSeries, TimeChart } from './time-chart.tsx';
import type { ChartMarks } from './use-chart-marks.ts';

const series: readonly ChartSeries[] = [
  { key: 'evicted', label: 'evicted', color: 'var(--sb-miss)', kind: 'line' },
  { key: 'expired', label: 'expired', color: 'var(--sb-ink-3)', kind: 'line', dash: '2 2' },
];
const perSecond = (value: number) => `${formatCount(value)}/s`;

interface EvictionChartProps {
  data: readonly Second[];
  marks: ChartMarks;
  height: number;
}

/** What Redis threw out to make room, beside what simply ran out. Of the whole Redis, not of one service. */
export function EvictionChart({ data, marks, height }: EvictionChartProps) {
  const last = newestKnown(data, 'evicted');
  const values = [last?.evicted, last?.expired].map((value) => (typeof value === 'number' ? perSecond(value) : '—'));
  return (
    <ChartFrame
      title="Is Redis evicting?"
      now={values[0]}
      knownToMs={endOf(last)}
      series={series}
      values={values}
      data={data}
      format={perSecond}
      height={height}
    >
      <TimeChart
        data={data}
        series={series}
        height={height}
        format={perSecond}
        marks={marks}
        summary={`Is Redis evicting? Latest: ${values[0]} evicted, ${values[1]} expired.`}
      />
    </ChartFrame>
  );
}
