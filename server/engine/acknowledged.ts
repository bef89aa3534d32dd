import type { Clock } from './clock.ts';
import type { EntityState } from './entity-state.ts';

/** How long a demoted primary may go on acknowledging: `min-replicas-max-lag` (10 s by default) and a margin. */
const KEPT_MS = 15_000;
const KEPT_MAX = 10_000;

/**
 * Rule 12: the invalidations that were acknowledged lately. One that an old primary took after another had been promoted is
 * unknown to the new one, so it is sent again there. The oldest go first, by age and past the bound.
 */
export class Acknowledged {
  readonly #clock: Clock;
  /** By key of the record and id, oldest first: taken out and put in again, a map keeps its keys by age. */
  readonly #kept = new Map<string, { entity: EntityState; id: string; atMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(entity: EntityState, id: string): void {
    // An escaped key holds no space.
    const key = `${entity.versionKey} ${id}`;
    this.#kept.delete(key);
    this.#forgetOld(KEPT_MAX - 1);
    this.#kept.set(key, { entity, id, atMs: this.#clock.monotonicMs() });
  }

  /** All that are young enough, the oldest first; forgotten with this call. */
  take(): { entity: EntityState; id: string }[] {
    this.#forgetOld(KEPT_MAX);
    const taken = [...this.#kept.values()];
    this.#kept.clear();
    return taken;
  }

  #forgetOld(keptMax: number): void {
    const sinceMs = this.#clock.monotonicMs() - KEPT_MS;
    for (const [key, { atMs }] of this.#kept) {
      if (atMs >= sinceMs && this.#kept.size <= keptMax) return;
      this.#kept.delete(key);
    }
  }
}
