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
  readonly #kept = new Map<EntityState, Map<string, number>>();
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(entity: EntityState, id: string): void {
    let ids = this.#kept.get(entity);
    if (ids === undefined) {
      ids = new Map();
      this.#kept.set(entity, ids);
    }
    // Taken out and put in again, a map keeps its keys by age.
    if (ids.delete(id)) this.#count -= 1;
    this.#forgetOld(ids);
    if (this.#count >= KEPT_MAX) return;
    ids.set(id, this.#clock.monotonicMs());
    this.#count += 1;
  }

  /** The ids of one entity that are young enough; forgotten with this call. */
  take(entity: EntityState): string[] {
    const ids = this.#kept.get(entity);
    if (ids === undefined) return [];
    this.#forgetOld(ids);
    this.#kept.delete(entity);
    this.#count -= ids.size;
    return [...ids.keys()];
  }

  #forgetOld(ids: Map<string, number>): void {
    const sinceMs = this.#clock.monotonicMs() - KEPT_MS;
    for (const [id, atMs] of ids) {
      if (atMs >= sinceMs) return;
      ids.delete(id);
      this.#count -= 1;
    }
  }
}
