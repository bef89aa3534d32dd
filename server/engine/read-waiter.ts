import type { Loader, Peek } from './cache.ts';
import type { EngineContext } from './engine-context.ts';
import type { EntityState } from './entity-state.ts';
import type { EnvelopeTimes } from './envelope.ts';
import type { ReadOutcome } from './events.ts';

interface Settle<T> {
  readonly startedAtMs: number;
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** A caller who brings a loader. */
export interface LoadWaiter extends Settle<unknown> {
  readonly kind: 'load';
  readonly load: Loader<unknown>;
  /** What it met first, should the value not come from the cache. */
  outcome: 'miss' | 'unavailable';
  /** What it may have if its load fails or is late. */
  fallback: { readonly value: unknown } | null;
  /** It had its fallback: what comes later is for nobody. */
  answered: boolean;
}

/** One caller of one read. Settled once; counted once. */
export type ReadWaiter = LoadWaiter | ({ readonly kind: 'get' } & Settle<unknown>) | ({ readonly kind: 'peek' } & Settle<Peek<unknown>>);

/** The end of a read whose value was loaded, by its own loader or by another. */
export function settleWithLoad(
  context: EngineContext,
  entity: EntityState,
  id: string,
  waiter: LoadWaiter,
  end: { ok: true; value: unknown } | { ok: false; error: unknown },
): void {
  if (waiter.answered) return;
  if (!end.ok && waiter.fallback !== null) {
    settleWithFallback(context, entity, id, waiter, 'load failed');
    return;
  }
  context.reads.underWay -= 1;
  countRead(context, entity, id, waiter, waiter.outcome);
  if (end.ok) waiter.resolve(end.value);
  else waiter.reject(end.error);
}

/** Its load failed or is late: what stood past its stale window. Nothing happens if it has its answer. */
export function settleWithFallback(
  context: EngineContext,
  entity: EntityState,
  id: string,
  waiter: LoadWaiter,
  because: 'load failed' | 'load late',
): void {
  if (waiter.answered || waiter.fallback === null) return;
  waiter.answered = true;
  context.reads.underWay -= 1;
  context.bus.emit({ type: 'stale.served', entity: entity.name, id, because });
  countRead(context, entity, id, waiter, 'stale');
  waiter.resolve(waiter.fallback.value);
}

/** A value that the cache holds. */
export function settleWithEntry(
  context: EngineContext,
  entity: EntityState,
  id: string,
  waiter: ReadWaiter,
  kind: 'fresh' | 'stale',
  value: unknown,
  times: EnvelopeTimes,
): void {
  context.reads.underWay -= 1;
  if (waiter.kind === 'peek') {
    const { createdMs, freshUntilMs, expiresMs } = times;
    waiter.resolve({ kind, value, createdMs, freshUntilMs, expiresMs });
    return;
  }
  countRead(context, entity, id, waiter, kind === 'fresh' ? 'hit' : 'stale');
  waiter.resolve(value);
}

/** For those who bring no loader. */
export function settleWithout(
  context: EngineContext,
  entity: EntityState,
  id: string,
  waiter: Exclude<ReadWaiter, { kind: 'load' }>,
  kind: 'miss' | 'unavailable',
): void {
  context.reads.underWay -= 1;
  if (waiter.kind === 'peek') {
    waiter.resolve({ kind });
    return;
  }
  countRead(context, entity, id, waiter, kind);
  waiter.resolve(undefined);
}

/** A defect of the engine; nobody may hang for it. */
export function settleWithDefect(context: EngineContext, waiter: ReadWaiter, error: unknown): void {
  context.reads.underWay -= 1;
  waiter.reject(error);
}

export function countRead(
  context: EngineContext,
  entity: EntityState,
  id: string,
  waiter: { startedAtMs: number },
  outcome: ReadOutcome,
): void {
  const durationUs = (context.clock.monotonicMs() - waiter.startedAtMs) * 1_000;
  entity.metrics.read(outcome, durationUs);
  if (context.bus.active) context.bus.emit({ type: 'read', entity: entity.name, id, outcome, durationUs });
}
