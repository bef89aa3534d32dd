import { textOf } from '../ask-redis.ts';
import type { EntityState } from '../entity-state.ts';
import type { EnvelopeTimes } from '../envelope.ts';
import { escapesWhole } from '../keys.ts';
import type { PipelineCommand } from '../redis/run-pipeline.ts';
import { parseVersionRecord } from '../version-record.ts';
import type { Reservation } from './local-entries.ts';
import type { LocalTier } from './local-tier.ts';

export type Wanted = { readonly entity: EntityState; readonly id: string };

/**
 * What one round of reads may leave in this process: a place for each answer, kept from the moment that the round is sent, and
 * the version records that Redis is to watch from now on. An invalidation that comes before the answer takes the place away.
 */
export class LocalRound {
  readonly #tier: LocalTier;
  readonly #epoch: number;
  readonly #places: { readonly read: Wanted; readonly place: Reservation | null }[] = [];
  readonly #watches: { readonly entity: EntityState; readonly place: Reservation }[] = [];
  #ended = false;

  /** `epoch`: of the tracking under which the round is sent. `reads`: by their position in it. */
  constructor(tier: LocalTier, epoch: number, reads: readonly Wanted[], entities: Iterable<EntityState>) {
    this.#tier = tier;
    this.#epoch = epoch;
    for (const read of reads) {
      const { local } = read.entity;
      // The invalidation of a long id names its digest, which leads to no id.
      this.#places.push({ read, place: local !== null && escapesWhole(read.id) ? local.reserve(read.id) : null });
    }
    for (const entity of entities) {
      const { local } = entity;
      if (local === null || !Number.isNaN(local.rev) || local.record !== null) continue;
      const place: Reservation = { alive: true, readers: 1 };
      local.record = place;
      this.#watches.push({ entity, place });
    }
  }

  /** Asks for the records again, in a way that Redis tracks: it does not track GETEX. */
  get commands(): PipelineCommand[] {
    return this.#watches.map(({ entity }) => ({ name: 'GET', args: [entity.versionKey] }));
  }

  /** The answers to `commands`. */
  heard(replies: readonly unknown[]): void {
    for (const [index, { entity, place }] of this.#watches.entries()) {
      const { local } = entity;
      const record = parseVersionRecord(textOf(replies[index]) ?? '');
      if (local === null || record === null || !place.alive || this.#tier.epoch !== this.#epoch) continue;
      local.rev = Number(record.rev);
    }
  }

  /** The read at this position was answered by a fresh entry: it is served from here from now on, and its value is frozen. */
  keep(at: number, value: unknown, times: EnvelopeTimes, payloadBytes: number): void {
    const kept = this.#places[at];
    const entity = kept?.read.entity;
    const record = entity?.record;
    if (this.#ended || kept === undefined || entity === undefined || record == null || this.#tier.epoch !== this.#epoch) return;
    // Under a record that is not watched a bump would go unheard.
    if (!kept.place?.alive || entity.local?.rev !== Number(record.rev)) return;
    this.#tier.keep(entity, kept.read.id, value, times, payloadBytes);
  }

  /** All is answered, well or not. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const { read, place } of this.#places) if (place !== null) read.entity.local?.release(read.id, place);
    for (const { entity, place } of this.#watches) if (entity.local?.record === place) entity.local.record = null;
  }
}
