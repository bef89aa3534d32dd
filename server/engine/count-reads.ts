import type { EngineContext } from './engine-context.ts';
import type { EntityState } from './entity-state.ts';
import type { ReadOutcome } from './events.ts';

/** So many callers of one key are answered now. */
export function countReads(
  context: EngineContext,
  entity: EntityState,
  id: string,
  outcome: ReadOutcome,
  callers: number,
  startedAtMs: number,
): void {
  const durationUs = (context.clock.monotonicMs() - startedAtMs) * 1_000;
  entity.metrics.read(outcome, durationUs, callers);
  announceReads(context, entity, id, outcome, callers, durationUs);
}

export function announceReads(
  context: EngineContext,
  entity: EntityState,
  id: string,
  outcome: ReadOutcome,
  callers: number,
  durationUs: number,
): void {
  const { bus } = context;
  if (!bus.active) return;
  for (let caller = 0; caller < callers; caller += 1) bus.emit({ type: 'read', entity: entity.name, id, outcome, durationUs });
}
