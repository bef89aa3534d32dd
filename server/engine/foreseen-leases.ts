import { askRedis } from './ask-redis.ts';
import type { EngineContext } from './engine-context.ts';
import type { EntityState } from './entity-state.ts';
import { type CacheKey, leaseKey } from './keys.ts';
import { Lease } from './lease.ts';
import { slotOf, tidy } from './load-slot.ts';
import type { Read } from './read.ts';
import type { Round } from './read-round.ts';
import { type PipelineCommand, scriptCommand } from './redis/run-pipeline.ts';
import { foreseeLease, releaseLease } from './scripts.ts';

/** A lease that is asked for in the pipeline that asks for its entry. */
export interface ForeseenLease {
  readonly entity: EntityState;
  readonly id: string;
  readonly key: CacheKey;
  readonly ns: string;
  readonly token: string;
  /** Null until Redis has answered. */
  granted: boolean | null;
}

/** So many rounds wait at once that an empty list for each would show. */
const NONE: PipelineCommand[] = [];

/**
 * Where misses are likely, because most of an entity's last reads were misses, a read asks for its lease in the same pipeline
 * as for its entry: a cold read then costs one round trip and not two. The question is as young as the read, and the version
 * record comes after it, so its answer is as legal as one that was asked for later. What is not needed is given back.
 */
export class ForeseenLeases {
  readonly #context: EngineContext;
  readonly #underWay = new Set<ForeseenLease>();
  #closed = false;

  constructor(context: EngineContext) {
    this.#context = context;
  }

  /** The questions of a round, to be sent with it. */
  ask(round: Round): PipelineCommand[] {
    let commands = NONE;
    for (const [entity, { ns }] of round.shares) {
      if (!entity.mostlyMisses || ns === null) continue;
      for (const [index, read] of round.reads.entries()) {
        const key = round.keys[index];
        if (read.entity !== entity || typeof read.want !== 'function' || key === undefined || round.leases.has(read)) continue;
        const foreseen = this.#foresee(entity, read.id, key, ns);
        if (foreseen === null) continue;
        round.foreseen ??= new Map();
        round.foreseen.set(read, foreseen);
        if (commands === NONE) commands = [];
        commands.push(scriptCommand(foreseeLease, [key, leaseKey(key)], [foreseen.token, entity.policy.leaseMs]));
      }
    }
    return commands;
  }

  /** Their replies, in the order of the questions. */
  heard({ foreseen }: Round, replies: readonly unknown[]): void {
    if (foreseen === null) return;
    for (const [index, one] of [...foreseen.values()].entries()) one.granted = replies[index] === 1;
  }

  /** The lease that came with the answer that nothing stands there: it goes to `take` or to `giveBack`. Null for none. */
  grantedTo({ foreseen }: Round, read: Read): ForeseenLease | null {
    const one = foreseen?.get(read);
    if (one?.granted !== true) return null;
    foreseen?.delete(read);
    return one;
  }

  /** All reads of the round are settled, or are asked again. */
  end(round: Round): void {
    if (round.foreseen === null) return;
    for (const foreseen of round.foreseen.values()) this.giveBack(foreseen);
    round.foreseen = null;
  }

  /** One that was granted, to load under; null if it was given back meanwhile. */
  take(foreseen: ForeseenLease): Lease | null {
    if (!this.#forget(foreseen)) return null;
    const { entity, key, ns, token } = foreseen;
    return new Lease(this.#context, this.#context.lease, { key, ns, token, leaseMs: entity.policy.leaseMs });
  }

  /** Nobody loads under it. Where no answer came it may stand all the same. */
  giveBack(foreseen: ForeseenLease): void {
    if (!this.#forget(foreseen) || foreseen.granted === false) return;
    this.#release(foreseen).catch(() => {
      // `askRedis` never rejects. One that could not be given back runs out by itself.
    });
  }

  /** None is foreseen any more, and those under way are given back. */
  async close(): Promise<void> {
    this.#closed = true;
    const underWay = [...this.#underWay];
    this.#underWay.clear();
    await Promise.all(underWay.map((foreseen) => this.#release(foreseen)));
  }

  /** Null where it would not help. */
  #foresee(entity: EntityState, id: string, key: CacheKey, ns: string): ForeseenLease | null {
    const { lease, clock } = this.#context;
    // Renewed and ended over the connection of leases: without it, it would keep the fleet waiting until it runs out.
    if (this.#closed || !lease.usable || lease.breaker.open || entity.failures.standing(id, clock) !== null) return null;
    const slot = slotOf(entity, id);
    // Whoever asks or loads already is joined by the miss.
    if (slot.gate !== null || slot.foreseen || slot.running !== null) return null;
    slot.foreseen = true;
    const foreseen = { entity, id, key, ns, token: this.#context.nextToken('L'), granted: null };
    this.#underWay.add(foreseen);
    return foreseen;
  }

  /** True for the first. */
  #forget(foreseen: ForeseenLease): boolean {
    if (!this.#underWay.delete(foreseen)) return false;
    const slot = slotOf(foreseen.entity, foreseen.id);
    slot.foreseen = false;
    tidy(foreseen.entity, foreseen.id, slot);
    return true;
  }

  async #release({ key, token }: ForeseenLease): Promise<void> {
    const release = scriptCommand(releaseLease, [key, leaseKey(key)], [token, this.#context.inboxPrefix]);
    await askRedis(this.#context, this.#context.lease, [release]);
  }
}
