'use client';
import { Button, CloseButton } from '@mantine/core';
import { useSearchParams } from 'next/navigation';
import { useDeferredValue, useMemo } from 'react';
import { serviceKey } from '../../server/contract/live.ts';
import { EvictionChart } from '../charts/eviction-chart.tsx';
import { LatencyChart } from '../charts/latency-chart.tsx';
import { MemoryChart } from '../charts/memory-chart.tsx';
import { OriginChart } from '../charts/origin-chart.tsx';
import { ReadsChart } from '../charts/reads-chart.tsx';
import { useChartMarks } from '../charts/use-chart-marks.ts';
import { NoService } from '../layout/no-service.tsx';
import { PageHead } from '../layout/page-head.tsx';
import { setParams } from '../layout/set-params.ts';
import { useScope } from '../layout/use-scope.ts';
import { useLive, useLiveState } from '../live/live-context.tsx';
import { ratesNow } from '../live/rates.ts';
import { serviceSeries } from '../live/service-series.ts';
import { EntityTable } from './entity-table.tsx';
import { InstanceStrip } from './instance-strip.tsx';
import classes from './overview.module.css';
import { OverviewSkeleton } from './overview-skeleton.tsx';
import { StatStrip } from './stat-strip.tsx';

/** What becomes of reads right now, how fast, and what reaches the origin. */
export function OverviewView() {
  const scope = useScope();
  const entity = useSearchParams().get('entity') ?? undefined;
  // Deferred: a machine that cannot draw each second skips some, and clicks never wait for a drawing.
  const points = useDeferredValue(useLive((snapshot) => snapshot.shown));
  const windowSeconds = useLive((snapshot) => snapshot.windowSeconds);
  const paused = useLive((snapshot) => snapshot.paused);
  const redis = useLiveState((state) => state.redis);
  const marks = useChartMarks(scope);
  const service = scope === null ? '' : serviceKey(scope);
  const data = useMemo(() => serviceSeries(points, service, windowSeconds, entity), [points, service, windowSeconds, entity]);
  const rates = useMemo(() => ratesNow(points, service, entity), [points, service, entity]);

  if (redis === null) return <OverviewSkeleton />;
  if (scope === null) return <NoService title="Overview" />;
  return (
    <>
      <PageHead title="Overview" lead={`${scope.service}, the last ${Math.round(windowSeconds / 60)} min${paused ? ', paused' : ', live'}`}>
        {entity !== undefined && (
          <Button
            component="span"
            size="compact-sm"
            variant="light"
            rightSection={<CloseButton size="xs" aria-label="Show all entities" onClick={() => setParams({ entity: null }, 'push')} />}
          >
            only {entity}
          </Button>
        )}
      </PageHead>
      <StatStrip rates={rates} latencyOf={entity === undefined ? null : 'of all reads'} data={data} redis={redis} />
      <div className={classes['grid']}>
        <div className={classes['column']}>
          <ReadsChart
            title={entity === undefined ? 'What becomes of reads?' : `What becomes of reads of ${entity}?`}
            data={data}
            rates={rates}
            marks={marks}
            height={200}
          />
          <EntityTable scope={scope} points={points} selected={entity} />
          <InstanceStrip scope={scope} />
        </div>
        <div className={classes['column']}>
          <LatencyChart
            // Told by the service, not by the entity.
            {...(entity === undefined ? {} : { title: 'How long do all reads take?' })}
            data={data}
            marks={marks}
            height={92}
          />
          <OriginChart data={data} rates={rates} marks={marks} height={92} />
          <EvictionChart data={data} marks={marks} height={68} />
          <MemoryChart data={data} maxBytes={redis.maxMemoryBytes} fragmentation={redis.fragmentationRatio} marks={marks} height={68} />
        </div>
      </div>
    </>
  );
}
