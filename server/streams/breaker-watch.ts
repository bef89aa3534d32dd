import type { Frame, InstanceRecord } from 'sideboard-engine';
import type { BreakersView } from '../contract/live.ts';

/** The breakers of each instance, as its newest frame tells. */
export interface BreakerWatch {
  add(frame: Frame): void;
  /** Null for one that tells nothing of them. */
  of(instance: string): BreakersView | null;
  /** Forgets all others. */
  keep(instances: readonly InstanceRecord[]): void;
}

export function createBreakerWatch(): BreakerWatch {
  const newest = new Map<string, { at: number; breakers: BreakersView }>();
  return {
    add({ instance, at, breakers }) {
      if (breakers !== undefined && at >= (newest.get(instance)?.at ?? 0)) newest.set(instance, { at, breakers });
    },
    of: (instance) => newest.get(instance)?.breakers ?? null,
    keep(instances) {
      const known = new Set(instances.map(({ id }) => id));
      for (const id of newest.keys()) if (!known.has(id)) newest.delete(id);
    },
  };
}
