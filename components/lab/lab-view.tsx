'use client';
import { Skeleton } from '@mantine/core';
import { useDeferredValue, useMemo } from 'react';
import { serviceKey } from '../../server/contract/live.ts';
import type { ServiceRef } from '../../server/contract/service-ref.ts';
import { LatencyChart } from '../charts/latency-chart.tsx';
import { ReadsChart } from '../charts/reads-chart.tsx';
import { useChartMarks } from '../charts/use-chart-marks.ts';
import { NoService } from '../layout/no-service.tsx';
import { PageHead } from '../layout/page-head.tsx';
import { useScope } from '../layout/use-scope.ts';
import { useLive, useLiveState } from '../live/live-context.tsx';
import { ratesNow } from '../live/rates.ts';
import { serviceSeries } from '../live/service-series.ts';
import { ComposeForm } from './compose-form.tsx';
import { ExperimentList } from './experiment-list.tsx';
import { HaltButton } from './halt-button.tsx';
import { InstanceTable } from './instance-table.tsx';
import classes from './lab.module.css';

const LEAD = "Rehearse an outage inside a service's instances. The real Redis is never touched.";

/** Compose an experiment, and watch what it does to reads. */
export function LabView() {
  const scope = useScope();
  const ready = useLiveState(() => true) === true;
  if (scope !== null) return <LabOf key={serviceKey(scope)} scope={scope} />;
  return ready ? (
    <NoService title="Failure lab" />
  ) : (
    <>
      <PageHead title="Failure lab" lead={LEAD} />
      <Skeleton height={400} />
    </>
  );
}

function LabOf({ scope }: { scope: ServiceRef }) {
  // As on Overview: typing and Stop never wait for a drawing.
  const points = useDeferredValue(useLive((snapshot) => snapshot.shown));
  const windowSeconds = useLive((snapshot) => snapshot.windowSeconds);
  const marks = useChartMarks(scope);
  const service = serviceKey(scope);
  const data = useMemo(() => serviceSeries(points, service, windowSeconds), [points, service, windowSeconds]);
  const rates = useMemo(() => ratesNow(points, service), [points, service]);
  return (
    <>
      <PageHead title="Failure lab" lead={LEAD}>
        <HaltButton />
      </PageHead>
      <div className={classes['grid']}>
        <ComposeForm scope={scope} />
        <div className={classes['charts']}>
          <ReadsChart title="What becomes of reads?" data={data} rates={rates} marks={marks} height={160} />
          <LatencyChart data={data} marks={marks} height={120} />
          <InstanceTable scope={scope} />
        </div>
      </div>
      <ExperimentList />
    </>
  );
}
