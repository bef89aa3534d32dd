import type { Loader, Peek } from './cache.ts';
import { countReads } from './count-reads.ts';
import type { EngineContext } from './engine-context.ts';
import type { EntityState } from './entity-state.ts';
import type { EnvelopeTimes } from './envelope.ts';
import { LoadWaiter } from './load-waiter.ts';

/** What a caller wants of a key: the entry or a load of it, the entry alone, or how it stands. */
export type Want = Loader<unknown> | 'get' | 'peek';

/**
 * One key asked for in one batch. Its callers hold promises that the batch as a whole resolves, each by way of `answerOf`
 * bound to its read: that is less than half the memory and time of a promise with resolvers of its own, which is made for
 * those alone that must wait for more than the batch.
 */
export class Read {
  readonly entity: EntityState;
  readonly id: string;
  readonly want: Want;
  /** Set before the batch resolves: what the caller gets, or a promise of it. */
  answer: unknown = undefined;

  constructor(entity: EntityState, id: string, want: Want) {
    this.entity = entity;
    this.id = id;
    this.want = want;
  }
}

export function answerOf(this: Read): unknown {
  return this.answer;
}

/** The reads of one turn of the event loop. */
export class Batch {
  readonly startedAtMs: number;
  readonly reads: Read[] = [];
  /** Callers of a read beyond the first. */
  readonly joined: Map<Read, number> = new Map();
  readonly answered: Promise<void>;
  readonly #late = new Map<Read, (answer: unknown) => void>();
  #open: () => void = () => {};
  #isOpen = false;

  constructor(startedAtMs: number) {
    this.startedAtMs = startedAtMs;
    this.answered = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  callersOf(read: Read): number {
    return 1 + (this.joined.size === 0 ? 0 : (this.joined.get(read) ?? 0));
  }

  /** The read needs more than one round: its callers wait on when the batch is opened. */
  postpone(read: Read): void {
    if (this.#isOpen || this.#late.has(read)) return;
    read.answer = new Promise((resolve) => this.#late.set(read, resolve));
  }

  answer(read: Read, answer: unknown): void {
    const late = this.#late.get(read);
    if (late === undefined) read.answer = answer;
    else late(answer);
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
