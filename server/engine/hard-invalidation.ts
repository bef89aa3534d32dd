import { askRedis, integerOf } from './ask-redis.ts';
import type { InvalidationReceipt } from './cache.ts';
import type { EngineContext } from './engine-context.ts';
import type { EntityState } from './entity-state.ts';
import { type CacheKey, dataKey, leaseKey } from './keys.ts';
import { invalidateEntry, scriptCommand } from './scripts.ts';
import type { VersionRecord } from './version-record.ts';
import { readRecordCommand, readRecordReply, type Versions } from './versions.ts';

export type Invalidated = { ok: true; receipt: InvalidationReceipt } | { ok: false; error: Error };

/** A record may change under an invalidation this often before it counts as refused. */
const ROUNDS_MAX = 5;

/**
 * Rule 4. Removes lease and entry under every namespace that may be read now or after an undo, reads the record in the same
 * pipeline, and goes round for what the record names and was not covered. `covered`: namespaces that need no removal.
 * A namespace of a later version holds only loads that began after this call, so one round is the rule.
 */
export async function invalidateHard(
  context: EngineContext,
  versions: Versions,
  entity: EntityState,
  id: string,
  covered: ReadonlySet<string> = new Set(),
): Promise<Invalidated> {
  const done = new Set(covered);
  const receipt: InvalidationReceipt = { removed: 0, leasesRevoked: 0 };
  let record: VersionRecord | null = entity.record;
  for (let round = 1; round <= ROUNDS_MAX; round += 1) {
    const open = namespacesOf(record).filter((ns) => !done.has(ns));
    const highestAtSend = entity.highestRev;
    const commands = open.map((ns) => {
      const key: CacheKey = dataKey(entity.ref, ns, entity.name, id);
      return scriptCommand(invalidateEntry, [key, leaseKey(key)], [context.inboxPrefix]);
    });
    const answer = await askRedis(context, context.write, [...commands, readRecordCommand(entity)], true);
    if (!answer.ok) return answer;
    for (const [index, ns] of open.entries()) {
      const reply = answer.replies[index];
      const removed = Array.isArray(reply) ? integerOf(reply[0]) : null;
      const revoked = Array.isArray(reply) ? integerOf(reply[1]) : null;
      if (removed === null || revoked === null) return { ok: false, error: reply instanceof Error ? reply : new Error('unexpected reply') };
      receipt.removed += removed;
      receipt.leasesRevoked += revoked;
      done.add(ns);
    }
    const reply = readRecordReply(answer.replies[open.length], highestAtSend);
    if (reply.kind === 'refused') return { ok: false, error: reply.error };
    if (reply.kind === 'record') {
      entity.see(reply.record);
      record = reply.record;
      if (namespacesOf(record).every((ns) => done.has(ns))) return { ok: true, receipt };
      continue;
    }
    // Lost or gone back: the version that replaces it is new, and everything under it is loaded from now on.
    if (!(await versions.repair(entity, reply.kind === 'missing' ? 'mint' : 'raise'))) {
      return { ok: false, error: new Error('the version record could not be restored') };
    }
    record = entity.record;
  }
  return { ok: false, error: new Error('the version changed faster than it could be followed') };
}

export function namespacesOf(record: VersionRecord | null): string[] {
  if (record === null) return [];
  return record.prev === null ? [record.ns] : [record.ns, record.prev];
}
