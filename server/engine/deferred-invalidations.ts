import type { Clock } from './clock.ts';
import type { EntityState } from './entity-state.ts';
import type { EventBus } from './events.ts';

/** Keys kept for all entities; one more makes its entity's whole version be bumped instead. */
const DEFERRED_MAX = 10_000;
const RETRY_MS = 1_000;

interface Repeat {
  /** True when Redis has acknowledged it. */
  invalidate(entity: EntityState, id: string): Promise<boolean>;
  bump(entity: EntityState): Promise<boolean>;
}

/**
 * Invalidations and bumps that Redis did not acknowledge, done again when it is back. Their callers have had an error; until
 * they are done this instance treats what they name as invalid: its reads load, and fill nothing. One slot for each key.
 */
export class DeferredInvalidations {
  readonly #bus: EventBus;
  readonly #clock: Clock;
  readonly #repeat: Repeat;
  readonly #entities = new Set<EntityState>();
  #count = 0;
  #cancelRetry: (() => void) | null = null;
  #replaying: Promise<void> | null = null;
  #closed = false;

  constructor(bus: EventBus, clock: Clock, repeat: Repeat) {
    this.#bus = bus;
    this.#clock = clock;
    this.#repeat = repeat;
  }

  add(entity: EntityState, id: string): void {
    const { unacknowledged } = entity;
    if (unacknowledged.bump || unacknowledged.ids.has(id)) return;
    if (this.#count >= DEFERRED_MAX) {
      this.addBump(entity);
      return;
    }
    unacknowledged.ids.add(id);
    this.#count += 1;
    this.#bus.emit({ type: 'invalidation.deferred', entity: entity.name, id });
    this.#wait(entity);
  }

  /** Stands for every key of the entity, those that wait already included. */
  addBump(entity: EntityState): void {
    const { unacknowledged } = entity;
    if (unacknowledged.bump) return;
    this.#count -= unacknowledged.ids.size;
    unacknowledged.ids.clear();
    unacknowledged.bump = true;
    this.#bus.emit({ type: 'bump.deferred', entity: entity.name });
    this.#wait(entity);
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

  #wait(entity: EntityState): void {
    this.#entities.add(entity);
    this.#scheduleRetry();
  }

  /** Redis may come back without a new connection: a pause, a full disk. */
  #scheduleRetry(): void {
    if (this.#closed || this.#entities.size === 0) return;
    this.#cancelRetry ??= this.#clock.after(RETRY_MS, () => {
      this.#cancelRetry = null;
      const again = () => this.#scheduleRetry();
      this.replay().then(again, again);
    });
  }

  async #replay(): Promise<void> {
    for (const entity of this.#entities) {
      const { unacknowledged } = entity;
      if (unacknowledged.bump) {
        if (this.#closed || !(await this.#repeat.bump(entity))) return;
        unacknowledged.bump = false;
        this.#bus.emit({ type: 'bump.replayed', entity: entity.name });
      }
      for (const id of unacknowledged.ids) {
        if (this.#closed || !(await this.#repeat.invalidate(entity, id))) return;
        if (!unacknowledged.ids.delete(id)) continue;
        this.#count -= 1;
        this.#bus.emit({ type: 'invalidation.replayed', entity: entity.name, id });
      }
      if (!unacknowledged.bump && unacknowledged.ids.size === 0) this.#entities.delete(entity);
    }
  }
}
