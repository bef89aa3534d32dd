'use client';
import { formatBytes } from '../../server/contract/units.ts';
import { endOf, newestKnown, type Second } from '../live/service-series.ts';
import { ChartFrame } from './chart-frame.tsx';
import { Swatch } from './swatch.tsx';
import { type ChartSeries, TimeChart } from './time-chart.tsx';
import type { ChartMarks } from './use-chart-marks.ts';

const series: readonly ChartSeries[] = [{ key: 'memoryBytes', label: 'used', color: 'var(--sb-ink-1)', kind: 'line' }];

interface MemoryChartProps {
  data: readonly Second[];
  maxBytes: number | null;
  fragmentation: number | null;
  marks: ChartMarks;
  height: number;
}

/** Memory of the whole Redis against the most that it may take. */
export function MemoryChart({ data, maxBytes, fragmentation, marks, height }: MemoryChartProps) {
  const last = newestKnown(data, 'memoryBytes');
  const used = typeof last?.memoryBytes === 'number' ? formatBytes(last.memoryBytes) : '—';
  const limit = maxBytes === null || maxBytes === 0 ? undefined : maxBytes;
  const now = limit !== undefined ? `${used} of ${formatBytes(limit)}` : maxBytes === 0 ? `${used}, no limit` : used;
  return (
    <ChartFrame
      title="How full is Redis?"
      now={now}
      knownToMs={endOf(last)}
      series={series}
      values={[used]}
      data={data}
      format={formatBytes}
      height={height}
      note={
        fragmentation === null && limit === undefined ? undefined : (
          <>
            {fragmentation !== null && <span>fragmentation {fragmentation.toFixed(1)}×</span>}
            {limit !== undefined && (
              <span>
                <Swatch line={{ color: 'var(--sb-limit)', dash: '4 3' }} /> maxmemory
              </span>
            )}
          </>
        )
      }
    >
      <TimeChart
        data={data}
        series={series}
        height={height}
        format={formatBytes}
        marks={marks}
        base={1024}
        formatTick={(bytes) => formatBytes(bytes).replace('.0 ', ' ')}
        limit={limit}
        summary={`How full is Redis? Latest: ${now}.`}
      />
    </ChartFrame>
  );
}
