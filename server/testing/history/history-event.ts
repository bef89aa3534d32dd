import * as z from 'zod';

/**
 * One line of a history. Times are of `monotonicUs`. Events are ordered by the time at which they became known: `endUs` of an
 * operation, `atUs` of the rest.
 */
export type HistoryEvent = ReadEvent | WriteEvent | BumpEvent | UndoBegun | UndoEnded | RemovedEvent | SilenceEvent;

interface Operation {
  readonly process: string;
  /** One sequential caller: its operations never overlap. */
  readonly client: string;
  readonly entity: string;
  readonly startUs: number;
  readonly endUs: number;
}

export interface ReadEvent extends Operation {
  readonly kind: 'read';
  readonly via: 'getOrSet' | 'get' | 'peek';
  /** `entity/id`. */
  readonly key: string;
  readonly outcome: 'value' | 'none' | 'failed';
  /** What `parseStamp` made of the value: null for one that no loader or writer of the workload made. */
  readonly stamp: Stamp | null;
  /** How `peek` named it. */
  readonly called: 'fresh' | 'stale' | null;
  /** `l1`: the process answered it by itself, as it may for who does not ask strictly. */
  readonly tier: 'l1' | null;
}

export interface WriteEvent extends Operation {
  readonly kind: 'invalidate' | 'soften' | 'set' | 'write';
  readonly key: string;
  readonly acked: boolean;
  readonly error: string | null;
  /**
   * Once acknowledged, no later read may return a value whose load began before this. The call of an invalidation and of a
   * plain `set`; the return of the origin's write for a `set` with a function.
   */
  readonly sinceUs: number;
  /** The value that it stored, which is never older than itself. */
  readonly valueId: string | null;
}

export interface BumpEvent extends Operation {
  readonly kind: 'bump';
  readonly acked: boolean;
  readonly error: string | null;
  /** The revision that it minted; 0 unless acknowledged. */
  readonly rev: number;
}

export interface UndoBegun {
  readonly kind: 'undo-begun';
  readonly process: string;
  readonly undo: string;
  readonly entity: string;
  readonly atUs: number;
}

export interface UndoEnded extends Operation {
  readonly kind: 'undo-ended';
  readonly undo: string;
  /** `nothing`: there was no bump to undo. `unknown`: it may have happened, or may happen yet. */
  readonly outcome: 'acked' | 'nothing' | 'unknown';
  /** The namespace that it brought back and the revision that it minted; 0 unless acknowledged. */
  readonly restored: number;
  readonly rev: number;
}

/** Somebody took the entry with this value out of Redis by hand. No value is ever put in twice. */
export interface RemovedEvent {
  readonly kind: 'removed';
  readonly key: string;
  readonly valueId: string;
  readonly startUs: number;
  readonly endUs: number;
}

/** While silent, Redis answered nobody, or refused every write. */
export interface SilenceEvent {
  readonly kind: 'silence-begun' | 'silence-ended';
  readonly atUs: number;
}

/** What every value of the workload says of itself. */
const stamp = z.strictObject({
  /** `entity/id`. */
  key: z.string(),
  /** The number that the origin gave to the state that this is a copy of. */
  seq: z.int(),
  id: z.string(),
  /** When the load began: the call of the loader, of the function given to `set`, or of `set` with a plain value. */
  sinceUs: z.number(),
  by: z.enum(['load', 'write', 'set']),
});
export type Stamp = z.infer<typeof stamp>;

export function parseStamp(value: unknown): Stamp | null {
  const parsed = stamp.safeParse(value);
  return parsed.success ? parsed.data : null;
}

export function timeOf(event: HistoryEvent): number {
  return 'endUs' in event ? event.endUs : event.atUs;
}
