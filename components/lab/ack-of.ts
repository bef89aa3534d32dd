import type { ExperimentView } from '../../server/contract/lab.ts';
import type { InstanceView } from '../../server/contract/live.ts';

/** How one instance stands to one running experiment. `spared`: the share of instances leaves it out. */
export type Ack = { kind: 'applied'; afterMs: number | null } | { kind: 'waiting' } | { kind: 'spared' };

export function ackOf({ id, expected, appliedBy, ackMs }: ExperimentView, instance: Pick<InstanceView, 'id' | 'faults'>): Ack {
  const said = appliedBy.includes(instance.id) || instance.faults.includes(id);
  if (said) return { kind: 'applied', afterMs: Object.hasOwn(ackMs, instance.id) ? (ackMs[instance.id] ?? null) : null };
  return expected.includes(instance.id) ? { kind: 'waiting' } : { kind: 'spared' };
}
