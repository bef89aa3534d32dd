import type { FaultKind } from '../../server/contract/lab.ts';
import type { ExperimentFields } from './parse-experiment.ts';

interface MenuEntry {
  kind: FaultKind;
  label: string;
  /** What it does, and what a service that copes does with it. */
  effect: string;
}

/** Every fault there is, by where it strikes. */
export const faultMenu: readonly { group: string; entries: readonly MenuEntry[] }[] = [
  {
    group: 'Between the service and Redis',
    entries: [
      {
        kind: 'refuse',
        label: 'Connections refused',
        effect: 'Connections are cut and refused. Reads go to the origin, counted as unavailable.',
      },
      {
        kind: 'black-hole',
        label: 'Black hole',
        effect: 'Bytes are lost and nobody is told, so each call waits for its deadline until the breaker opens.',
      },
      { kind: 'latency', label: 'Latency', effect: 'Bytes come later, in order. Past the deadline, reads go to the origin.' },
      { kind: 'bandwidth', label: 'Bandwidth', effect: 'Bytes trickle. Large values miss the deadline first.' },
      {
        kind: 'reset',
        label: 'Resets',
        effect: 'Connections break in the middle of a reply. Nobody may ever get a part of one, or another’s.',
      },
      {
        kind: 'error-reply',
        label: 'Error replies',
        effect: 'Commands that such a Redis refuses get its error, and never reach the real one.',
      },
    ],
  },
  {
    group: 'What is in the cache',
    entries: [
      { kind: 'forced-miss', label: 'Forced misses', effect: 'Reads do not see what is cached: the origin carries them.' },
      { kind: 'corrupt-payload', label: 'Corrupt payloads', effect: 'Reads see an entry with one bit flipped. It is never served.' },
      {
        kind: 'l1-off',
        label: 'In-process cache off',
        effect: 'Every read asks Redis. Changes nothing where there is no in-process cache.',
      },
    ],
  },
  {
    group: 'The origin',
    entries: [
      { kind: 'slow-origin', label: 'Slow origin', effect: 'Loaders begin later, within their own time limit.' },
      { kind: 'failing-origin', label: 'Failing origin', effect: 'Loaders fail. What is cached is still served.' },
    ],
  },
];

export function menuEntry(kind: FaultKind): MenuEntry {
  const found = faultMenu.flatMap(({ entries }) => entries).find((entry) => entry.kind === kind);
  return found ?? { kind, label: kind, effect: '' };
}

type FaultFields = Omit<ExperimentFields, 'seconds' | 'reason' | 'instancesPercent'>;

export const plainFault: FaultFields = {
  kind: 'refuse',
  direction: 'from-redis',
  error: 'OOM',
  latencyMs: 200,
  jitterMs: 50,
  bytesPerSecond: 10_000,
  roles: ['read', 'write', 'lease', 'subscriber'],
  probabilityPercent: 100,
};

/** Outages that happen, as one click. */
export const presets: readonly { label: string; fields: FaultFields }[] = [
  { label: 'Redis down', fields: plainFault },
  { label: 'Redis hung', fields: { ...plainFault, kind: 'black-hole', direction: 'to-redis' } },
  { label: 'Partition', fields: { ...plainFault, kind: 'black-hole', direction: 'both' } },
  { label: 'Redis slow', fields: { ...plainFault, kind: 'latency' } },
  { label: 'Out of memory', fields: { ...plainFault, kind: 'error-reply', error: 'OOM' } },
  { label: 'Failover', fields: { ...plainFault, kind: 'error-reply', error: 'READONLY' } },
  { label: 'Cold cache', fields: { ...plainFault, kind: 'forced-miss' } },
];
