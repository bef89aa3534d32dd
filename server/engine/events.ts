import type { BreakerReason, BreakerState } from './breaker.ts';
import type { InvalidationMode } from './invalidate-key.ts';
import type { ClientRole } from './redis/connection.ts';

/** How one read was answered. `bypass`: the entity's strategy is `none`. */
export type ReadOutcome = 'hit' | 'stale' | 'miss' | 'unavailable' | 'bypass';

/** Everything that an instance tells about itself. Logs, metrics and tests read this union. */
export type CacheEvent =
  | { type: 'read'; entity: string; id: string; outcome: ReadOutcome; tier?: 'l1'; durationUs: number }
  | { type: 'load.started'; entity: string; id: string; leased: boolean; reason: 'miss' | 'refresh' | 'early' | 'unavailable' | 'bypass' }
  | { type: 'load.ended'; entity: string; id: string; costMs: number }
  /** The bulkhead before the origin had no room. */
  | { type: 'load.refused'; entity: string; id: string }
  /** Past its stale window, within `staleIfError`. */
  | { type: 'stale.served'; entity: string; id: string; because: 'load failed' | 'load late' }
  | { type: 'load.failed'; entity: string; id: string; costMs: number; error: unknown }
  /** `rejected`: a revoked lease or a newer version turned it away. `failed`: Redis refused or did not answer. */
  | { type: 'fill'; entity: string; id: string; result: 'stored' | 'rejected' | 'failed' | 'dropped' }
  | { type: 'invalidated'; entity: string; id: string; mode: InvalidationMode; removed: number; markedStale: number; leasesRevoked: number }
  | { type: 'written'; entity: string; id: string; filled: boolean }
  | { type: 'bumped' | 'bump.undone'; entity: string; rev: string; previous: string | null }
  | { type: 'version.minted' | 'version.raised' | 'version.adopted'; entity: string; rev: string }
  | { type: 'entry.rejected'; entity: string; id: string; problem: string }
  /** Past its policy's `bytesWarn`, as it is stored. */
  | { type: 'value.large'; entity: string; id: string; bytes: number }
  | { type: 'value.unserializable'; entity: string; id: string; problem: string }
  /** Once when an outage begins, once when it ends. */
  | { type: 'redis.unavailable'; role: ClientRole; reason: string }
  | { type: 'redis.available'; role: ClientRole; afterMs: number }
  /** The outage goes on for a reason that it did not begin with, and that no retry mends: a password, a certificate. Once for each reason. */
  | { type: 'redis.refused'; role: ClientRole; reason: string }
  | { type: 'breaker.changed'; role: ClientRole; state: BreakerState; reason: BreakerReason }
  /** A reply was lost on the way, so the replies after it went to the wrong commands: the connection was ended, and what waited on it has no answer. */
  | { type: 'connection.out-of-step'; role: ClientRole }
  | { type: 'invalidation.deferred' | 'invalidation.replayed'; entity: string; id: string }
  | { type: 'bump.deferred' | 'bump.replayed'; entity: string }
  /** The process serves what it holds, or does not: its link to the invalidations is proven, or is not. */
  | { type: 'l1.serving' | 'l1.suspended'; reason: string }
  /** Redis refuses to be told of hits in the process, so it evicts what is read there alone as if nobody read it. */
  | { type: 'l1.untold'; reason: string }
  | { type: 'policies.applied'; rev: number }
  /** `fault.refused`: the owner of this process did not allow faults. */
  | { type: 'fault.started' | 'fault.ended' | 'fault.refused'; id: string; kind: string }
  /** A document or message of the control plane that could not be used; what stood before stays in force. */
  | { type: 'control.rejected'; what: string; reason: string }
  | { type: 'listener.failed'; error: unknown };

export interface EventBus {
  /** False while nobody listens: callers may spare themselves the making of an event. */
  readonly active: boolean;
  emit(event: CacheEvent): void;
  onEvent(listener: (event: CacheEvent) => void): () => void;
}

export function createEventBus(): EventBus {
  const listeners = new Set<(event: CacheEvent) => void>();
  const emit = (event: CacheEvent) => {
    for (const listener of listeners) {
      try {
        listener(event);
      } catch (error) {
        // A listener that fails on its own failure has no one left to tell.
        if (event.type !== 'listener.failed') emit({ type: 'listener.failed', error });
      }
    }
  };
  // A field, and no getter: each hit in the process asks.
  const bus = {
    active: false,
    emit,
    onEvent(listener: (event: CacheEvent) => void) {
      listeners.add(listener);
      bus.active = true;
      return () => {
        listeners.delete(listener);
        bus.active = listeners.size > 0;
      };
    },
  };
  return bus;
}
