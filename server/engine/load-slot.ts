import type { Loader } from './cache.ts';
import type { EntityState } from './entity-state.ts';
import type { Lease } from './lease.ts';
import type { SeenEntry } from './load-terms.ts';
import type { LoadWaiter } from './load-waiter.ts';

/** What one key does here; forgotten when none of it is left. */
export interface LoadSlot {
  gate: Gate | null;
  /** Its lease was asked for beside the read of its entry, and the answer is not taken yet. */
  foreseen: boolean;
  running: Load | null;
  next: Load | null;
  /** A refresh was asked for lately: the next question comes after a pause. */
  refreshing: boolean;
}

export interface Load {
  lease: Lease | null;
  readonly reason: 'miss' | 'refresh' | 'early' | 'unavailable';
  readonly loader: Loader<unknown>;
  /** The entry that it would replace; with its lease. */
  seen: SeenEntry | null;
  readonly waiters: LoadWaiter[];
  /** Its loader has been called: who comes now may not have its value. */
  begun: boolean;
  /** Set when it has ended well, while its fill is on the way: its token may still be seen standing. */
  result: { value: unknown } | null;
}

/** Those who want a key whose lease is being asked for. Who comes after the question was sent waits for the next one, or for a load that begins later. */
export interface Gate {
  late: LoadWaiter[];
}

export function slotOf(entity: EntityState, id: string): LoadSlot {
  let slot = entity.slots.get(id);
  if (slot === undefined) {
    slot = { gate: null, foreseen: false, running: null, next: null, refreshing: false };
    entity.slots.set(id, slot);
  }
  return slot;
}

export function tidy(entity: EntityState, id: string, slot: LoadSlot): void {
  if (isIdle(slot) && entity.slots.get(id) === slot) entity.slots.delete(id);
}

function isIdle({ gate, foreseen, running, next, refreshing }: LoadSlot): boolean {
  return gate === null && !foreseen && running === null && next === null && !refreshing;
}
