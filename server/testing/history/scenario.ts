import type { FaultKind } from './fault-kinds.ts';

/**
 * What each client may do next. `write` is a `set` with a function, `set` one with a plain value. `strictGet` is a `get` that
 * the process may not answer by itself.
 */
export type OperationName = 'getOrSet' | 'get' | 'strictGet' | 'peek' | 'invalidate' | 'soften' | 'set' | 'write' | 'bump' | 'undo';

/** A workload and the faults that go with it. Ranges are [least, most]. */
export interface Scenario {
  readonly processes: number;
  readonly clientsPerProcess: number;
  readonly entities: readonly string[];
  /** Few, so that callers meet; the first are the hottest. */
  readonly keysPerEntity: number;
  readonly weights: Readonly<Partial<Record<OperationName, number>>>;
  /** How long a load or an origin write takes, split at random before and after the origin is asked. */
  readonly loadMs: readonly [number, number];
  /** Shares, of loads and origin writes. */
  readonly slowShare: number;
  readonly failShare: number;
  readonly ttlMs: number;
  readonly staleMs: number;
  readonly leaseMs: number;
  readonly deadlineMs: number;
  /** What each process keeps for itself: its bound, or null for nothing. */
  readonly l1BoundMs: number | null;
  /** Between two operations of a client. */
  readonly thinkMs: readonly [number, number];
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
  /** Operations of the whole fleet between two faults of one lane: a slow machine has as many faults for its operations as a fast one. */
  readonly gapOperations: readonly [number, number];
  /** A standing delay of chunks, by the role of a connection. */
  readonly delays: readonly { readonly role: string; readonly direction: 'toServer' | 'toClient'; readonly delayMs: number }[];
}
