'use client';
import { formatDuration } from '../../server/contract/units.ts';
import { endOf, newestKnown, type Second } from '../live/service-series.ts';
import { ChartFrame } from './chart-frame.tsx';
import { type ChartSeries, TimeChart } from './time-chart.tsx';
import type { ChartMarks } from './use-chart-marks.ts';

const series: readonly ChartSeries[] = [
  { key: 'p50', label: 'p50', color: 'var(--sb-ink-1)', kind: 'line' },
  { key: 'p95', label: 'p95', color: 'var(--sb-ink-2)', kind: 'line', dash: '6 2' },
  { key: 'p99', label: 'p99', color: 'var(--sb-ink-3)', kind: 'line', dash: '2 2' },
];

interface LatencyChartProps {
  /** Default: "How long do reads take?" */
  title?: string;
  data: readonly Second[];
  marks: ChartMarks;
  height: number;
}

/** Read latency of the service, as its callers feel it. */
export function LatencyChart({ title = 'How long do reads take?', data, marks, height }: LatencyChartProps) {
  const last = newestKnown(data, 'p50');
  const values = [last?.p50, last?.p95, last?.p99].map((value) => (typeof value === 'number' ? formatDuration(value) : '—'));
  return (
    <ChartFrame
      title={title}
      now={`p95 ${values[1]}`}
      knownToMs={endOf(last)}
      series={series}
      values={values}
      data={data}
      format={formatDuration}
      height={height}
    >
      <TimeChart
        data={data}
        series={series}
        height={height}
        format={formatDuration}
        marks={marks}
        summary={`${title} Latest: p50 ${values[0]}, p95 ${values[1]}, p99 ${values[2]}.`}
      />
    </ChartFrame>
  );
}
