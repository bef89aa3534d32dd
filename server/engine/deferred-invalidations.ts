import type { Clock } from './clock.ts';
import type { EntityState } from './entity-state.ts';
import type { EventBus } from './events.ts';
import type { Invalidated } from './invalidate-key.ts';

const DEFERRED_MAX = 10_000;
const RETRY_MS = 1_000;

/** Invalidations that Redis did not acknowledge, done again when it is back. Their callers have had an error: this shortens the harm, it promises nothing. */
export class DeferredInvalidations {
  readonly #bus: EventBus;
  readonly #invalidate: (entity: EntityState, id: string) => Promise<Invalidated>;
  readonly #waiting = new Map<EntityState, Set<string>>();
  readonly #clock: Clock;
  #count = 0;
  #cancelRetry: (() => void) | null = null;
  #replaying: Promise<void> | null = null;
  #closed = false;

  constructor(bus: EventBus, clock: Clock, invalidate: (entity: EntityState, id: string) => Promise<Invalidated>) {
    this.#bus = bus;
    this.#clock = clock;
    this.#invalidate = invalidate;
  }

  add(entity: EntityState, id: string): void {
    let ids = this.#waiting.get(entity);
    if (ids === undefined) {
      ids = new Set();
      this.#waiting.set(entity, ids);
    }
    if (ids.has(id)) return;
    const dropped = this.#count >= DEFERRED_MAX;
    this.#bus.emit({ type: dropped ? 'invalidation.dropped' : 'invalidation.deferred', entity: entity.name, id });
    if (dropped) return;
    ids.add(id);
    this.#count += 1;
    this.#scheduleRetry();
  }

  /** Once at a time; stops at the first that is refused again. Never rejects. */
  replay(): Promise<void> {
    this.#replaying ??= this.#replay().finally(() => {
      this.#replaying = null;
    });
    return this.#replaying;
  }

  close(): void {
    this.#closed = true;
    this.#cancelRetry?.();
  }

  /** Redis may come back without a new connection: a pause, a full disk. */
  #scheduleRetry(): void {
    if (this.#closed || this.#count === 0) return;
    this.#cancelRetry ??= this.#clock.after(RETRY_MS, () => {
      this.#cancelRetry = null;
      const again = () => this.#scheduleRetry();
      this.replay().then(again, again);
    });
  }

  async #replay(): Promise<void> {
    for (const [entity, ids] of this.#waiting) {
      for (const id of ids) {
        if (this.#closed || !(await this.#invalidate(entity, id)).ok) return;
        ids.delete(id);
        this.#count -= 1;
        this.#bus.emit({ type: 'invalidation.replayed', entity: entity.name, id });
      }
    }
  }
}
