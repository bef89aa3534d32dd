import type { Clock } from './clock.ts';
import type { EntityState } from './entity-state.ts';
import type { EventBus } from './events.ts';

/** Keys kept for all entities; one more makes its entity's whole version be bumped instead. */
const DEFERRED_MAX = 10_000;
const RETRY_MS = 1_000;

/** What Redis is asked again now: a key, or for null the bump. */
interface Asked {
  readonly entity: EntityState;
  readonly id: string | null;
  /** It was put off once more since: what Redis did for us may have come before that. */
  outdated: boolean;
}

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
  #asked: Asked | null = null;
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
    if (unacknowledged.ids.has(id)) {
      this.#outdate(entity, id);
      return;
    }
    // A bump stands for it, but one that Redis may have made by now.
    if (unacknowledged.bump && !this.#isAsked(entity, null)) return;
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
    if (unacknowledged.bump) {
      this.#outdate(entity, null);
      return;
    }
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
      this.#asked = null;
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

  #ask(entity: EntityState, id: string | null): Promise<boolean> {
    this.#asked = { entity, id, outdated: false };
    return id === null ? this.#repeat.bump(entity) : this.#repeat.invalidate(entity, id);
  }

  #isAsked(entity: EntityState, id: string | null): boolean {
    return this.#asked?.entity === entity && this.#asked.id === id;
  }

  #outdate(entity: EntityState, id: string | null): void {
    if (this.#asked !== null && this.#isAsked(entity, id)) this.#asked.outdated = true;
  }

  async #replay(): Promise<void> {
    for (const entity of this.#entities) {
      const { unacknowledged } = entity;
      if (unacknowledged.bump) {
        if (this.#closed || !(await this.#ask(entity, null)) || this.#asked?.outdated) return;
        unacknowledged.bump = false;
        this.#bus.emit({ type: 'bump.replayed', entity: entity.name });
      }
      for (const id of unacknowledged.ids) {
        if (this.#closed || !(await this.#ask(entity, id)) || this.#asked?.outdated) return;
        if (!unacknowledged.ids.delete(id)) continue;
        this.#count -= 1;
        this.#bus.emit({ type: 'invalidation.replayed', entity: entity.name, id });
      }
      if (!unacknowledged.bump && unacknowledged.ids.size === 0) this.#entities.delete(entity);
    }
  }
}
