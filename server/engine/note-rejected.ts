import type { EngineContext } from './engine-context.ts';
import type { EntityState } from './entity-state.ts';
import type { EnvelopeProblem } from './envelope.ts';
import type { GuardedClient } from './redis/guarded-client.ts';

/** Rule 9: counts and tells of bytes that are no entry of this key. `from`: the connection that brought them, which may be to blame. */
export function noteRejected(context: EngineContext, entity: EntityState, id: string, problem: EnvelopeProblem, from: GuardedClient): void {
  entity.metrics.counts.corrupt += 1;
  if (problem === 'entry of another key') from.suspect();
  context.bus.emit({ type: 'entry.rejected', entity: entity.name, id, problem });
}
