import type { HistoryEvent } from './history-event.ts';

export const VIOLATION_CLASSES = [
  /** A read that began after an acknowledged invalidation, bump or set returned a value whose load began before it. */
  'stale-after-ack',
  /** The same of a value that a process kept for itself, where the change was acknowledged more than the bound before the read began. */
  'stale-beyond-bound',
  /** The same, where the change was one of that process itself: the bound gives it no time. */
  'stale-after-own-ack',
  /** A value that no origin gave out. */
  'unknown-value',
  'cross-key',
  /** Somebody had read a newer entry of the cache before this read began, and no undo lies between. */
  'went-back',
  /** A change was acknowledged in a time in which Redis could acknowledge nothing. */
  'acked-though-refused',
  /** `peek`, or a process that answered by itself, called fresh what is older than an acknowledged soft invalidation. */
  'soft-called-fresh',
] as const;
export type ViolationClass = (typeof VIOLATION_CLASSES)[number];

export interface Violation {
  readonly class: ViolationClass;
  readonly event: HistoryEvent;
  /** What the value should not have been older than, us; null where that is not the point. */
  readonly barrierUs: number | null;
}
