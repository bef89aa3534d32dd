import type { EntryView } from '../../contract/keys.ts';
import type { EntityRef } from '../../contract/service-ref.ts';
import type { ControlDeps } from '../deps.ts';
import { entryView } from './entry-view.ts';

/** The entry of an exact name under its entity's current version; null if there is none. */
export async function findEntry(deps: ControlDeps, input: EntityRef & { id: string }): Promise<EntryView | null> {
  const found = await deps.operator.find({ env: input.env, service: input.service }, input.entity, input.id);
  return found === null ? null : entryView(deps, found);
}
