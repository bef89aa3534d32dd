import type { EntityState } from '../entity-state.ts';
import type { LocalEntries, LocalEntry } from './local-entries.ts';

/** Rule 13: whether a read may be answered with what this process holds. A record that was heard of and not read yet is not the one that entries were read under. `nowMs`: of the monotonic clock. */
export function servesLocally(entity: EntityState, local: LocalEntries, entry: LocalEntry, nowMs: number): boolean {
  return nowMs < entry.untilMs && nowMs < local.legality.untilMs && local.rev === entity.highestRev;
}
