'use client';
import { useMemo } from 'react';
import type { LiveMark } from '../../server/contract/live.ts';
import type { ServiceRef } from '../../server/contract/service-ref.ts';
import { useLiveState } from '../live/live-context.tsx';

export interface ChartMarks {
  lines: readonly LiveMark[];
  /** Experiments, as spans of time. */
  bands: readonly { id: string; fromMs: number; toMs: number }[];
}

/** The newest marks only: more lines than this would hide the chart. */
const LINES_MAX = 20;

/** What operators did, for every chart: acts as lines, experiments of this service as bands. */
export function useChartMarks(scope: ServiceRef | null): ChartMarks {
  const marks = useLiveState((state) => state.marks);
  const experiments = useLiveState((state) => state.experiments);
  return useMemo(
    () => ({
      lines: (marks ?? []).toSorted((a, b) => a.atMs - b.atMs).slice(-LINES_MAX),
      bands: (experiments ?? [])
        .filter((experiment) => experiment.env === scope?.env && experiment.service === scope.service)
        .map(({ id, startedAtMs, endsAtMs, endedAtMs }) => ({ id, fromMs: startedAtMs, toMs: endedAtMs ?? endsAtMs })),
    }),
    [marks, experiments, scope?.env, scope?.service],
  );
}
