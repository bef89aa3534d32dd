import type { EngineContext } from './engine-context.ts';
import type { EntityState } from './entity-state.ts';

/** A value is stored that takes so much: counted among the largest, and told of past its policy's bound. */
export function noteSize(context: EngineContext, entity: EntityState, id: string, bytes: number): void {
  context.top.written(entity.name, id, bytes);
  if (bytes > entity.policy.bytesWarn) context.bus.emit({ type: 'value.large', entity: entity.name, id, bytes });
}
