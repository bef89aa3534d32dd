import type { ExperimentView } from '../../server/contract/lab.ts';
import { formatDuration } from '../../server/contract/units.ts';

/** `Redis down`, `Redis slower by 250 ms`: what an experiment simulates. */
export function describeFault({ kind, latencyMs }: Pick<ExperimentView, 'kind' | 'latencyMs'>): string {
  switch (kind) {
    case 'down':
      return 'Redis down';
    case 'slow':
      return `Redis slower by ${formatDuration(latencyMs ?? 0)}`;
  }
}
