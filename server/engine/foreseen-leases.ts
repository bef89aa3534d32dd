import type { EngineContext } from './engine-context.ts';
import type { EntityState } from './entity-state.ts';
import { giveBackLeases, mayStand } from './give-back-leases.ts';
import { type CacheKey, leaseKey } from './keys.ts';
import { Lease } from './lease.ts';
import { slotOf, tidy } from './load-slot.ts';
import type { Read } from './read.ts';
import type { Round } from './read-round.ts';
import { type PipelineCommand, scriptCommand } from './redis/run-pipeline.ts';
import { foreseeLease } from './scripts.ts';

/** A lease that is asked for in the pipeline that asks for its entry. */
export interface ForeseenLease {
  readonly entity: EntityState;
  readonly id: string;
  readonly key: CacheKey;
  readonly ns: string;
  readonly token: string;
  /** `unsure`: the answer was lost. `claimed`: granted, and not its round's any more. */
  state: 'asked' | 'refused' | 'granted' | 'unsure' | 'claimed';
}

/** So many rounds wait at once that an empty list for each would show. */
const NONE: PipelineCommand[] = [];

/**
 * Where misses are likely, because most of an entity's last reads were misses, a read asks for its lease in the same pipeline
 * as for its entry: a cold read then costs one round trip and not two. The question is as young as the read, and the version
 * record comes after it, so its answer is as legal as one that was asked for later. What is not needed is given back; where
 * the answer is late, once more when it comes, since a return that overtook its question found nothing.
 */
export class ForeseenLeases {
  readonly #context: EngineContext;
  /** Asked for, and neither taken nor at an end. */
  readonly #underWay = new Set<ForeseenLease>();
  readonly #returning = new Set<Promise<void>>();
  #closed = false;
  #emptied = () => {};

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
    for (const [index, one] of [...foreseen.values()].entries()) {
      const reply = replies[index];
      one.state = reply === 1 ? 'granted' : mayStand(reply) ? 'unsure' : 'refused';
    }
  }

  /** Their replies, or what became of them, after the round was given up. */
  heardLate({ foreseen }: Round, replies: readonly unknown[]): void {
    if (foreseen !== null) this.#return([...foreseen.values()].filter((_, index) => mayStand(replies[index])));
  }

  /** The lease that came with the answer that nothing stands there: it is to be taken or given back. Null for none. */
  claim({ foreseen }: Round, read: Read): ForeseenLease | null {
    const one = foreseen?.get(read);
    if (one?.state !== 'granted' || !this.#underWay.has(one)) return null;
    one.state = 'claimed';
    return one;
  }

  /** To load under; null once the cache is closed. */
  take(foreseen: ForeseenLease): Lease | null {
    if (this.#closed) {
      this.giveBack(foreseen);
      return null;
    }
    this.#forget(foreseen);
    const { entity, key, ns, token } = foreseen;
    return new Lease(this.#context, this.#context.lease, { key, ns, token, leaseMs: entity.policy.leaseMs });
  }

  /** Nobody loads under it. */
  giveBack(foreseen: ForeseenLease): void {
    this.#return([foreseen]);
    this.#forget(foreseen);
  }

  /** All reads of the round are settled, are asked again, or were given up. */
  end({ foreseen }: Round): void {
    if (foreseen === null) return;
    const own = [...foreseen.values()].filter((one) => one.state !== 'claimed' && this.#underWay.has(one));
    this.#return(own.filter(({ state }) => state !== 'refused'));
    for (const one of own) this.#forget(one);
  }

  /** None is asked for any more. Resolves when those under way are taken or given back; a round takes no longer than its deadline. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#underWay.size > 0) {
      await new Promise<void>((resolve) => {
        this.#emptied = resolve;
      });
    }
    await Promise.all(this.#returning);
  }

  /** Null where it would not help. */
  #foresee(entity: EntityState, id: string, key: CacheKey, ns: string): ForeseenLease | null {
    const { read, lease, clock } = this.#context;
    if (this.#closed || !read.usable || read.breaker.open) return null;
    // Renewed and ended over the connection of leases: without it, it would keep the fleet waiting until it runs out.
    if (!lease.usable || lease.breaker.open) return null;
    // These load without one, or not at all.
    if (entity.isUnacknowledged(id) || entity.failures.standing(id, clock) !== null) return null;
    const slot = slotOf(entity, id);
    // Whoever asks or loads already is joined by the miss.
    if (slot.gate !== null || slot.foreseen || slot.running !== null) return null;
    slot.foreseen = true;
    const foreseen: ForeseenLease = { entity, id, key, ns, token: this.#context.nextToken('L'), state: 'asked' };
    this.#underWay.add(foreseen);
    return foreseen;
  }

  #forget(foreseen: ForeseenLease): void {
    this.#underWay.delete(foreseen);
    const slot = slotOf(foreseen.entity, foreseen.id);
    slot.foreseen = false;
    tidy(foreseen.entity, foreseen.id, slot);
    if (this.#underWay.size === 0) this.#emptied();
  }

  #return(leases: readonly ForeseenLease[]): void {
    if (leases.length === 0) return;
    const returning = giveBackLeases(this.#context, leases).finally(() => this.#returning.delete(returning));
    this.#returning.add(returning);
  }
}
