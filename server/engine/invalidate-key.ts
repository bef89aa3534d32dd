import { askRedis, integerOf } from './ask-redis.ts';
import type { InvalidationReceipt } from './cache.ts';
import type { EngineContext } from './engine-context.ts';
import type { EntityState } from './entity-state.ts';
import { STALE_MARK } from './envelope.ts';
import { isOutOfRoom, Unavailable } from './errors.ts';
import { type CacheKey, dataKey, leaseKey } from './keys.ts';
import { type PipelineCommand, scriptCommand } from './redis/run-pipeline.ts';
import { invalidateEntry, type Script, softInvalidate } from './scripts.ts';
import type { VersionRecord } from './version-record.ts';
import { readRecordCommand, readRecordReply, repairOf, type Versions } from './versions.ts';

/** `hard`: the entry is gone. `soft`: it stays, and is served as stale while somebody loads it again. */
export type InvalidationMode = 'hard' | 'soft';
export type Invalidated = { ok: true; receipt: InvalidationReceipt } | { ok: false; error: Error };

/** A record may change under an invalidation this often before it counts as refused. */
const ROUNDS_MAX = 5;

/**
 * Rules 4 and 5. Removes the lease and removes or marks the entry, under every namespace that may be read now or after an
 * undo, reads the record in the same pipeline, and goes round for what the record names and was not covered. `covered`:
 * namespaces that need nothing. A namespace of a later version holds only loads that began after this call, so one round
 * is the rule. Where Redis has no room to mark an entry, it is removed.
 */
export async function invalidateKey(
  context: EngineContext,
  versions: Versions,
  entity: EntityState,
  id: string,
  { mode = 'hard', covered = new Set() }: { mode?: InvalidationMode; covered?: ReadonlySet<string> } = {},
): Promise<Invalidated> {
  const done = new Set(covered);
  const receipt: InvalidationReceipt = { removed: 0, markedStale: 0, leasesRevoked: 0 };
  let record: VersionRecord | null = entity.record;
  let applied = mode;
  for (let round = 1; round <= ROUNDS_MAX; round += 1) {
    const open = namespacesOf(record).filter((ns) => !done.has(ns));
    const { highestRev } = entity;
    const commands = open.map((ns) => invalidateCommand(context, dataKey(entity.ref, ns, entity.name, id), applied));
    const answer = await askRedis(context, context.write, [...commands, readRecordCommand(entity)], { evenIfOpen: true });
    if (!answer.ok) return answer;
    const refusals: Error[] = [];
    for (const [index, ns] of open.entries()) {
      const reply = answer.replies[index];
      const entries = Array.isArray(reply) ? integerOf(reply[0]) : null;
      const revoked = Array.isArray(reply) ? integerOf(reply[1]) : null;
      if (entries === null || revoked === null) {
        refusals.push(reply instanceof Error ? reply : new Unavailable('unexpected reply'));
        continue;
      }
      receipt[applied === 'hard' ? 'removed' : 'markedStale'] += entries;
      receipt.leasesRevoked += revoked;
      done.add(ns);
    }
    const [refusal] = refusals;
    if (refusal !== undefined) {
      if (applied === 'hard' || !refusals.every(isOutOfRoom)) return { ok: false, error: refusal };
      applied = 'hard';
    }
    const reply = readRecordReply(entity, answer.replies[open.length], { highestRev, replid: answer.replid });
    if (reply.kind === 'refused') return { ok: false, error: reply.error };
    if (reply.kind === 'record') {
      entity.see(reply.record);
      record = reply.record;
      if (namespacesOf(record).every((ns) => done.has(ns))) return { ok: true, receipt };
      continue;
    }
    // Lost, gone back or another server's: the version that replaces it is new, and everything under it is loaded from now on.
    if (!(await versions.repair(entity, repairOf(reply)))) {
      return { ok: false, error: new Unavailable('the version record could not be restored') };
    }
    record = entity.record;
  }
  return { ok: false, error: new Unavailable('the version changed faster than it could be followed') };
}

export function namespacesOf(record: VersionRecord | null): string[] {
  if (record === null) return [];
  return record.prev === null ? [record.ns] : [record.ns, record.prev];
}

function invalidateCommand(context: EngineContext, key: CacheKey, mode: InvalidationMode): PipelineCommand & { script: Script } {
  const keys = [key, leaseKey(key)];
  return mode === 'hard'
    ? scriptCommand(invalidateEntry, keys, [context.inboxPrefix])
    : scriptCommand(softInvalidate, keys, [context.inboxPrefix, STALE_MARK]);
}
