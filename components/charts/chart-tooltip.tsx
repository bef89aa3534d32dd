import type { Second } from '../live/service-series.ts';
import classes from './charts.module.css';
import { Swatch } from './swatch.tsx';
import { clock } from './time-axis.ts';
import type { ChartSeries } from './time-chart.tsx';

interface ChartTooltipProps {
  active: boolean;
  atMs: unknown;
  data: readonly Second[];
  series: readonly ChartSeries[];
  format: (value: number) => string;
}

/** One second, read out. A second without a report says so. */
export function ChartTooltip({ active, atMs, data, series, format }: ChartTooltipProps) {
  const second = active ? data.find((one) => one.atMs === atMs) : undefined;
  if (second === undefined) return null;
  return (
    <div className={classes['tooltip']}>
      <div className={classes['tooltipTime']}>
        {clock(second.atMs)}
        {second.expected > 0 && second.partial && ` · partial: ${second.instances} of ${second.expected} instances`}
      </div>
      {series.map((one) => {
        const value = second[one.key];
        return (
          <div key={one.key} className={classes['tooltipRow']}>
            <Swatch {...(one.kind === 'area' ? { fill: one.fill ?? one.color } : { line: { color: one.color, dash: one.dash } })} />
            <span>{one.label}</span>
            <span className={classes['tooltipValue']}>{typeof value === 'number' ? format(value) : 'no report'}</span>
          </div>
        );
      })}
    </div>
  );
}
