import type { EntryView } from '../../contract/keys.ts';
import type { EntityRef } from '../../contract/service-ref.ts';
import type { ControlDeps } from '../deps.ts';
import { checkId } from './check-id.ts';
import { entryView } from './entry-view.ts';

/** The entry of an exact name, or of the head and digest of a long one, under its entity's current version; null if there is none. */
export async function findEntry(
  deps: ControlDeps,
  input: EntityRef & { id: string; idHashed?: boolean | undefined },
): Promise<EntryView | null> {
  checkId(input);
  const { env, service, entity, id, idHashed = false } = input;
  const found = await deps.operator.find({ env, service }, entity, id, { idHashed });
  return found === null ? null : entryView(deps, found);
}
