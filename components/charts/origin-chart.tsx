'use client';
import { formatCount, formatRatio } from '../../server/contract/units.ts';
import type { Rates } from '../live/rates.ts';
import type { Second } from '../live/service-series.ts';
import { ChartFrame } from './chart-frame.tsx';
import { type ChartSeries, TimeChart } from './time-chart.tsx';
import type { ChartMarks } from './use-chart-marks.ts';

const series: readonly ChartSeries[] = [
  { key: 'demand', label: 'reads', color: 'var(--sb-ink-3)', kind: 'line', dash: '2 2' },
  { key: 'originCalls', label: 'origin calls', color: 'var(--sb-origin)', kind: 'line' },
];
const perSecond = (value: number) => `${formatCount(value)}/s`;

interface OriginChartProps {
  data: readonly Second[];
  rates: Rates;
  marks: ChartMarks;
  height: number;
}

/** Calls that reached the origin beside the reads that asked for them: the room between is what the cache saves. */
export function OriginChart({ data, rates, marks, height }: OriginChartProps) {
  const values = rates.seconds === 0 ? ['—', '—'] : [perSecond(rates.reads + rates.uncached), perSecond(rates.originCalls)];
  const saved = rates.seconds === 0 ? 'no reports' : rates.saved === null ? 'too few reads to say' : `${formatRatio(rates.saved)} saved`;
  return (
    <ChartFrame
      title="How much load reaches the origin?"
      now={saved}
      knownToMs={rates.knownToMs}
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
        summary={`How much load reaches the origin? Latest: ${values[1]} origin calls for ${values[0]} reads; ${saved}.`}
      />
    </ChartFrame>
  );
}
