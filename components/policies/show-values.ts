import type { PolicyValues } from '../../server/contract/policies.ts';
import { spellDuration } from './spell-duration.ts';

/** `0.2` -> `20%`. */
export const percent = (share: number): string => `${Math.round(share * 1_000) / 10}%`;

/** Name and text of each value, in the order in which they are always shown. */
export function showValues(values: PolicyValues): readonly { name: string; text: string }[] {
  return [
    { name: 'TTL', text: spellDuration(values.ttlMs) },
    { name: 'jitter', text: percent(values.jitter) },
    { name: 'stale window', text: values.staleMs === 0 ? 'none' : spellDuration(values.staleMs) },
  ];
}
