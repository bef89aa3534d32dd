import type { Loader, Peek } from './cache.ts';
import { countReads } from './count-reads.ts';
import type { EngineContext } from './engine-context.ts';
import type { EntityState } from './entity-state.ts';
import type { EnvelopeTimes } from './envelope.ts';
import { LoadWaiter } from './load-waiter.ts';

/** What a caller wants of a key: the entry or a load of it, the entry alone, or how it stands. */
export type Want = Loader<unknown> | 'get' | 'peek';

/** One key asked for in one batch. What its callers want, then what they get: one slot for both, since so many wait at once. */
export class Read {
  readonly entity: EntityState;
  readonly id: string;
  #held: unknown;

  constructor(entity: EntityState, id: string, want: Want) {
    this.entity = entity;
    this.id = id;
    this.#held = want;
  }

  /** Until it is answered. */
  get want(): Want {
    return trustWant(this.#held);
  }

  /** What the caller gets, or a promise of it: set before the batch resolves. */
  get answer(): unknown {
    return this.#held;
  }

  set answer(answer: unknown) {
    this.#held = answer;
  }
}

/** Only what a read was made with, before its answer took its place. */
function trustWant(held: unknown): Want {
  return held as Want;
}

/**
 * The reads of one turn of the event loop. Its callers hold promises that it resolves as a whole, each by the same function:
 * those who wait for one promise are called in the order in which they came, so the function knows whose turn it is. A promise
 * with resolvers of its own, which is twice the memory and time, is made for those alone that must wait for more than the batch.
 */
export class Batch {
  readonly startedAtMs: number;
  reads: Read[] = [];
  /** Callers of a read beyond the first; null without any, since so many batches wait at once. */
  #joined: Map<Read, number> | null = null;
  /** The read of each caller, in the order in which they came: the reads themselves while nobody has joined one. */
  #callers: Read[] = this.reads;
  #called = 0;
  readonly #answered: Promise<void>;
  readonly #answerNext = (): unknown => {
    const read = this.#callers[this.#called];
    this.#called += 1;
    if (read === undefined) return undefined;
    const late = this.#late?.get(read);
    return late === undefined ? read.answer : late.promise;
  };
  #late: Map<Read, { readonly promise: Promise<unknown>; readonly resolve: (answer: unknown) => void }> | null = null;
  #open: () => void = () => {};
  #isOpen = false;

  constructor(startedAtMs: number) {
    this.startedAtMs = startedAtMs;
    this.#answered = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  /** A caller's own read. */
  add(read: Read): Promise<unknown> {
    this.reads.push(read);
    if (this.#callers !== this.reads) this.#callers.push(read);
    return this.#answered.then(this.#answerNext);
  }

  /** A caller who has what another one's read has. */
  join(read: Read): Promise<unknown> {
    if (this.#callers === this.reads) this.#callers = [...this.reads];
    this.#callers.push(read);
    this.#joined ??= new Map();
    this.#joined.set(read, 1 + (this.#joined.get(read) ?? 0));
    return this.#answered.then(this.#answerNext);
  }

  callersOf(read: Read): number {
    return 1 + (this.#joined?.get(read) ?? 0);
  }

  /** Nobody comes any more. Arrays that grew have room to spare, and a batch waits for as long as Redis takes. */
  seal(): void {
    const own = this.#callers === this.reads;
    this.reads = this.reads.slice();
    this.#callers = own ? this.reads : this.#callers.slice();
  }

  /** The read needs more than one round: its callers wait on when the batch is opened. */
  postpone(read: Read): void {
    if (this.#isOpen || this.#late?.has(read)) return;
    let resolve: (answer: unknown) => void = () => {};
    const promise = new Promise<unknown>((onResolve) => {
      resolve = onResolve;
    });
    this.#late ??= new Map();
    this.#late.set(read, { promise, resolve });
  }

  answer(read: Read, answer: unknown): void {
    const late = this.#late?.get(read);
    if (late === undefined) read.answer = answer;
    else late.resolve(answer);
  }

  /** Every read has its answer, or was postponed. */
  open(): void {
    this.#isOpen = true;
    this.#open();
  }
}

/** The entry serves the read. Counted by the batch. */
export function answerWithEntry(batch: Batch, read: Read, kind: 'fresh' | 'stale', value: unknown, times: EnvelopeTimes): void {
  if (read.want !== 'peek') {
    batch.answer(read, value);
    return;
  }
  const { createdMs, freshUntilMs, expiresMs } = times;
  const peek: Peek<unknown> = { kind, value, createdMs, freshUntilMs, expiresMs };
  batch.answer(read, peek);
}

/** Redis cannot be asked, and the policy lets what this process holds be served as stale. */
export function answerHeld(context: EngineContext, batch: Batch, read: Read, value: unknown, times: EnvelopeTimes): void {
  const callers = batch.callersOf(read);
  context.reads.underWay -= callers;
  if (read.want !== 'peek') countReads(context, read.entity, read.id, 'stale', callers, batch.startedAtMs);
  answerWithEntry(batch, read, 'stale', value, times);
}

/** Nothing serves the read: who brings no loader is told, who does is returned, to wait for a load. */
export function answerWithout(context: EngineContext, batch: Batch, read: Read, kind: 'miss' | 'unavailable'): LoadWaiter | null {
  const { want, entity, id } = read;
  const callers = batch.callersOf(read);
  if (want !== 'get' && want !== 'peek') {
    const waiter = new LoadWaiter(want, callers, kind, batch.startedAtMs);
    batch.answer(read, waiter.promise);
    return waiter;
  }
  context.reads.underWay -= callers;
  if (want === 'get') countReads(context, entity, id, kind, callers, batch.startedAtMs);
  const peek: Peek<unknown> = { kind };
  batch.answer(read, want === 'peek' ? peek : undefined);
  return null;
}
