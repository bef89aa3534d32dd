import { textOf } from '../ask-redis.ts';
import { STALE_MARK } from '../envelope.ts';
import { isOutOfRoom } from '../errors.ts';
import { type InvalidationMode, namespacesOf } from '../invalidate-key.ts';
import { type CacheKey, dataKeyOf, dataKeyPrefix, escapeId, inboxPrefix, leaseKey, standingId, versionKey } from '../keys.ts';
import { type PipelineCommand, scriptCommand } from '../redis/run-pipeline.ts';
import { invalidateEntry as invalidateScript, type Script, softInvalidate } from '../scripts.ts';
import { parseVersionRecord } from '../version-record.ts';
import type { InvalidateOptions, InvalidateResult, KeySpaceRef } from './operator.ts';
import type { OperatorConnection } from './operator-connection.ts';
import { listOf, numberOf } from './replies.ts';

/**
 * Rules 4 and 5, for somebody who believes nothing about versions: the record is read, the lease is removed and the entry
 * removed or marked under what it names, and the record is read again behind that; what it names by then is covered once
 * more. Later versions hold only later loads. Where Redis has no room to mark an entry, it is removed.
 */
export async function invalidateEntry(
  connection: OperatorConnection,
  ref: KeySpaceRef,
  entity: string,
  id: string,
  { idHashed = false, mode = 'hard' }: InvalidateOptions = {},
): Promise<InvalidateResult> {
  const idPart = idHashed ? standingId(id) : escapeId(id);
  const readRecord = { name: 'GETEX', args: [versionKey(ref, entity)] };
  const [first] = await connection.run('reads', [readRecord]);
  const result: InvalidateResult = { removed: 0, markedStale: 0, leasesRevoked: 0 };
  const covered = new Set<string>();
  let applied = mode;
  const send = async (namespaces: readonly string[]): Promise<unknown[]> => {
    const commands = namespaces.map((ns) => commandFor(applied, dataKeyOf(dataKeyPrefix(ref, ns, entity), idPart), inboxPrefix(ref)));
    const replies = await connection.attempt('changes', [...commands, readRecord]);
    if (applied === 'hard' || !replies.some((reply) => reply instanceof Error && isOutOfRoom(reply))) {
      return connection.accepted('changes', replies);
    }
    applied = 'hard';
    return send(namespaces);
  };
  const cover = async (namespaces: readonly string[]): Promise<unknown> => {
    const replies = await send(namespaces);
    for (const ns of namespaces) covered.add(ns);
    for (const reply of replies.slice(0, -1)) {
      const [entries, leases] = listOf(reply);
      result[applied === 'hard' ? 'removed' : 'markedStale'] += numberOf(entries);
      result.leasesRevoked += numberOf(leases);
    }
    return replies.at(-1);
  };
  const after = await cover(namespacesIn(first));
  const others = namespacesIn(after).filter((ns) => !covered.has(ns));
  if (others.length > 0) await cover(others);
  return result;
}

function commandFor(mode: InvalidationMode, key: CacheKey, inbox: string): PipelineCommand & { script: Script } {
  const keys = [key, leaseKey(key)];
  return mode === 'hard' ? scriptCommand(invalidateScript, keys, [inbox]) : scriptCommand(softInvalidate, keys, [inbox, STALE_MARK]);
}

function namespacesIn(reply: unknown): string[] {
  return namespacesOf(parseVersionRecord(textOf(reply) ?? ''));
}
