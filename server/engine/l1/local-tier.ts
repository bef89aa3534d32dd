import type { Redis } from 'ioredis';
import type { Answer } from '../ask-redis.ts';
import type { Clock } from '../clock.ts';
import { servedUntilMs } from '../early-refresh.ts';
import type { EntityState } from '../entity-state.ts';
import type { EnvelopeTimes } from '../envelope.ts';
import { escapePart, unescapePart } from '../keys.ts';
import type { GuardedClient } from '../redis/guarded-client.ts';
import { type LocalEntry, LocalPool } from './local-entries.ts';
import { LocalRound, type Wanted } from './local-round.ts';
import { TouchHits } from './touch-hits.ts';
import { TrackingLink } from './tracking-link.ts';

export interface LocalTierOptions {
  readonly itemsMax: number;
  readonly bytesMax: number;
  /** How old a value may be after a change that this process has not heard of. */
  readonly boundMs: number;
}

interface LocalTierParts {
  readonly read: GuardedClient;
  readonly subscriber: Redis;
  readonly clock: Clock;
  readonly deadlineMs: number;
  redisNow(): number;
  readonly random: () => number;
  /** On a connection that Redis does not track. Never rejects. */
  touch(keys: string[]): Promise<Answer>;
  onUntold(reason: string): void;
  onState(serving: boolean, reason: string): void;
}

/** The tier within the process (rule 13). A value gets in by one way only: the answer to a tracked read that nothing overtook. */
export class LocalTier {
  readonly #pool: LocalPool;
  readonly #link: TrackingLink;
  readonly #touch: TouchHits;
  readonly #parts: LocalTierParts;
  readonly #byVersionKey = new Map<string, EntityState>();
  readonly #byName = new Map<string, EntityState>();

  /** `entities`: those whose policy wants it, at least one. */
  constructor(entities: readonly EntityState[], options: LocalTierOptions, parts: LocalTierParts) {
    this.#parts = parts;
    this.#pool = new LocalPool(options);
    for (const entity of entities) {
      this.#byVersionKey.set(entity.versionKey, entity);
      this.#byName.set(escapePart(entity.name), entity);
    }
    const { read, subscriber, clock, deadlineMs } = parts;
    this.#link = new TrackingLink({
      read,
      subscriber,
      clock,
      deadlineMs,
      boundMs: options.boundMs,
      probeKey: entities[0]?.versionKey ?? '',
      onChanged: (keys) => this.#changed(keys),
      onState: parts.onState,
    });
    const { legality } = this.#link;
    for (const entity of entities) entity.local = this.#pool.add(legality);
    this.#touch = new TouchHits({
      clock,
      isServing: () => clock.monotonicMs() < legality.untilMs,
      touch: (keys) => parts.touch(keys),
      onRefused: (reason) => parts.onUntold(reason),
    });
  }

  /** Of the tracking that runs now; null while nothing that is read may be kept. */
  get epoch(): number | null {
    return this.#link.epoch;
  }

  /** A round of reads that is sent now; null where nothing of it may be kept. Must be ended. */
  begin(reads: readonly Wanted[], entities: Iterable<EntityState>): LocalRound | null {
    const { epoch } = this.#link;
    return epoch === null ? null : new LocalRound(this, epoch, reads, entities);
  }

  /** For `LocalRound` alone, which knows that nothing overtook the value. */
  keep(entity: EntityState, id: string, value: unknown, times: EnvelopeTimes, payloadBytes: number): void {
    const { clock, redisNow, random } = this.#parts;
    const untilMs = clock.monotonicMs() - redisNow() + servedUntilMs(entity.policy, times, random());
    entity.local?.store(id, value, payloadBytes, untilMs, times);
  }

  /** A value of this process was served: Redis is told in a while. For some of the hits. */
  tellOfHit(entity: EntityState, id: string): void {
    if (entity.prefix !== null) this.#touch.add(entity.prefix, id);
  }

  /** An entry for the time that Redis cannot be asked; to be called stale, and only where the policy wants it. */
  heldInOutage(entity: EntityState, id: string): LocalEntry | null {
    const entry = entity.local?.entries.get(id);
    return entry !== undefined && servesInOutage(entity, entry, this.#parts.redisNow()) ? entry : null;
  }

  close(): void {
    this.#touch.close();
    this.#link.close();
    this.#pool.clear();
  }

  #changed(keys: readonly Buffer[] | null): void {
    if (keys === null) {
      this.#pool.clear();
      return;
    }
    for (const key of keys) {
      const name = key.toString();
      const parts = name.split(':');
      const [, , , entityPart = '', idPart = ''] = parts;
      const id = parts.length === 5 ? unescapePart(idPart) : null;
      if (id !== null && !name.startsWith('{')) this.#byName.get(entityPart)?.local?.drop(id);
      this.#byVersionKey.get(name)?.local?.clear();
    }
  }
}

/** Whether an entry may be called stale and served while Redis cannot be asked. */
export function servesInOutage(entity: EntityState, entry: LocalEntry, redisNowMs: number): boolean {
  return entity.codePolicy.outageStale && redisNowMs < entry.expiresMs;
}
