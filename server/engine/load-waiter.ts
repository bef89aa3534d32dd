import type { Loader } from './cache.ts';
import { countReads } from './count-reads.ts';
import type { EngineContext } from './engine-context.ts';
import type { EntityState } from './entity-state.ts';

/** The callers of one read that wait for a load. Answered once, counted once each. */
export class LoadWaiter {
  readonly load: Loader<unknown>;
  readonly promise: Promise<unknown>;
  readonly #callers: number;
  readonly #startedAtMs: number;
  /** What they met first. */
  readonly outcome: 'miss' | 'unavailable';
  /** What they may have if their load fails or is late. */
  fallback: { readonly value: unknown } | null = null;
  #resolve: (value: unknown) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #answered = false;

  constructor(load: Loader<unknown>, callers: number, outcome: 'miss' | 'unavailable', startedAtMs: number) {
    this.load = load;
    this.#callers = callers;
    this.outcome = outcome;
    this.#startedAtMs = startedAtMs;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** A value loaded for them, by their own loader or by another, or the entry that stood after all. */
  answer(context: EngineContext, entity: EntityState, id: string, value: unknown): void {
    if (this.#count(context, entity, id, this.outcome)) this.#resolve(value);
  }

  /** Their load failed: they have their fallback, or the error. */
  fail(context: EngineContext, entity: EntityState, id: string, error: unknown): void {
    if (this.fallback !== null) this.#fallBack(context, entity, id, this.fallback.value, 'load failed');
    else if (this.#count(context, entity, id, this.outcome)) this.#reject(error);
  }

  /** Their load is late. */
  late(context: EngineContext, entity: EntityState, id: string): void {
    if (this.fallback !== null) this.#fallBack(context, entity, id, this.fallback.value, 'load late');
  }

  #fallBack(context: EngineContext, entity: EntityState, id: string, value: unknown, because: 'load failed' | 'load late'): void {
    if (!this.#count(context, entity, id, 'stale')) return;
    context.bus.emit({ type: 'stale.served', entity: entity.name, id, because });
    this.#resolve(value);
  }

  /** False if they have their answer: what comes later is for nobody. */
  #count(context: EngineContext, entity: EntityState, id: string, outcome: 'miss' | 'unavailable' | 'stale'): boolean {
    if (this.#answered) return false;
    this.#answered = true;
    context.reads.underWay -= this.#callers;
    countReads(context, entity, id, outcome, this.#callers, this.#startedAtMs);
    return true;
  }
}
