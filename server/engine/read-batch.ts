import type { Loader } from './cache.ts';
import type { EntityState } from './entity-state.ts';
import type { CacheKeyPrefix } from './keys.ts';
import type { RecordReply } from './versions.ts';

/** What a caller brings: its loader, or how it wants what is there. */
export type Wish = Loader<unknown> | 'get' | 'peek';

/** One entity of one batch: what was known of it when the batch was sent, and what its record said. */
export interface AskedEntity {
  readonly entity: EntityState;
  highestRev: number;
  prefix: CacheKeyPrefix | null;
  ns: string | null;
  reply: RecordReply | null;
  hits: number;
  stale: number;
}

/** One key asked for in one batch. Small: thousands of them may be in flight. */
export interface KeyRead {
  readonly of: AskedEntity;
  readonly id: string;
  /** Who wants it, as numbers of the batch. Nearly always one. */
  callers: number | number[];
}

/** What one entity has in a batch that is not yet sent. */
interface Joining {
  readonly asked: AskedEntity;
  readonly byId: Map<string, KeyRead>;
}

/** Not shared by batches that still take readers. A cleared map would do, but its old table points to the next: such a chain keeps every batch alive until a full collection. */
const NO_JOINING: Map<EntityState, Joining> = new Map();

/**
 * All reads of one turn of the event loop. A caller holds a promise derived from the batch's own: reactions run in the order
 * in which they were added, so each takes the next answer. A promise with resolving functions of its own takes twice as much.
 */
export class ReadBatch {
  /** Of its first read. */
  readonly startedAtMs: number;
  readonly entities: AskedEntity[] = [];
  readonly reads: KeyRead[] = [];
  /** By caller. */
  readonly #wishes: Wish[] = [];
  readonly #answers: unknown[] = [];
  readonly #settled: Promise<void>;
  #joining: Map<EntityState, Joining> = new Map();
  #unanswered = 0;
  #taken = 0;
  #settle: () => void = () => {};
  #fail: (error: unknown) => void = () => {};

  constructor(startedAtMs: number) {
    this.startedAtMs = startedAtMs;
    this.#settled = new Promise((resolve, reject) => {
      this.#settle = resolve;
      this.#fail = reject;
    });
  }

  /** Callers whose answer is not known. */
  get unanswered(): number {
    return this.#unanswered;
  }

  /** Resolves with the caller's answer, after `settle`. Only before the batch is sent. */
  add(entity: EntityState, id: string, wish: Wish): Promise<unknown> {
    const caller = this.#wishes.push(wish) - 1;
    this.#unanswered += 1;
    const { asked, byId } = this.#joining.get(entity) ?? this.#begin(entity);
    const read = byId.get(id);
    if (read === undefined) {
      const first: KeyRead = { of: asked, id, callers: caller };
      byId.set(id, first);
      this.reads.push(first);
    } else if (typeof read.callers === 'number') read.callers = [read.callers, caller];
    else read.callers.push(caller);
    return this.#settled.then(this.#take);
  }

  /** It is sent: nobody joins it any more. */
  seal(): void {
    this.#joining = NO_JOINING;
  }

  wishOf(caller: number): Wish {
    return this.#wishes[caller] ?? 'get';
  }

  /** The answer of one caller; a promise where it is still to come. */
  give(caller: number, answer: unknown): void {
    this.#answers[caller] = answer;
    this.#unanswered -= 1;
  }

  /** Every caller has its answer. */
  settle(): void {
    this.#settle();
  }

  fail(error: unknown): void {
    // Whoever has an answer to come gets this error in its place.
    for (const answer of this.#answers) if (answer instanceof Promise) answer.catch(() => {});
    this.#fail(error);
  }

  #begin(entity: EntityState): Joining {
    const asked: AskedEntity = { entity, highestRev: 0, prefix: null, ns: null, reply: null, hits: 0, stale: 0 };
    const joining = { asked, byId: new Map<string, KeyRead>() };
    this.#joining.set(entity, joining);
    this.entities.push(asked);
    return joining;
  }

  readonly #take = (): unknown => {
    const answer = this.#answers[this.#taken];
    this.#taken += 1;
    return answer;
  };
}

/** The numbers of those who want it. */
export function callersOf(read: KeyRead): readonly number[] {
  return typeof read.callers === 'number' ? [read.callers] : read.callers;
}
