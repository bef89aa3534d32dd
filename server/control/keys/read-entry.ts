import type { EntryView } from '../../contract/keys.ts';
import type { ControlDeps } from '../deps.ts';
import { entryView } from './entry-view.ts';
import { decodeKey } from './key-bytes.ts';

/** The entry of a key that a walk showed; null if it is gone. */
export async function readEntry(deps: ControlDeps, key: string): Promise<EntryView | null> {
  const found = await deps.operator.inspect(decodeKey(key));
  return found === null ? null : entryView(deps, found);
}
