import { textOf } from '../ask-redis.ts';
import { namespacesOf } from '../invalidate-key.ts';
import { dataKeyOf, dataKeyPrefix, escapeId, inboxPrefix, leaseKey, standingId, versionKey } from '../keys.ts';
import { invalidateEntry as invalidateScript, scriptCommand } from '../scripts.ts';
import { parseVersionRecord } from '../version-record.ts';
import type { InvalidateOptions, InvalidateResult, KeySpaceRef } from './operator.ts';
import type { OperatorConnection } from './operator-connection.ts';
import { listOf, numberOf } from './replies.ts';

/**
 * Rule 4, for somebody who believes nothing about versions: the record is read, entry and lease are removed under what
 * it names, and the record is read again behind that; what it names by then is covered once more. Later versions hold
 * only later loads.
 */
export async function invalidateEntry(
  connection: OperatorConnection,
  ref: KeySpaceRef,
  entity: string,
  id: string,
  { idHashed = false }: InvalidateOptions = {},
): Promise<InvalidateResult> {
  const idPart = idHashed ? standingId(id) : escapeId(id);
  const readRecord = { name: 'GETEX', args: [versionKey(ref, entity)] };
  const [first] = await connection.run('reads', [readRecord]);
  const result: InvalidateResult = { removed: 0, leasesRevoked: 0 };
  const covered = new Set<string>();
  const remove = async (namespaces: readonly string[]): Promise<unknown> => {
    const replies = await connection.run('changes', [
      ...namespaces.map((ns) => {
        covered.add(ns);
        const key = dataKeyOf(dataKeyPrefix(ref, ns, entity), idPart);
        return scriptCommand(invalidateScript, [key, leaseKey(key)], [inboxPrefix(ref)]);
      }),
      readRecord,
    ]);
    for (const reply of replies.slice(0, -1)) {
      const [removed, leases] = listOf(reply);
      result.removed += numberOf(removed);
      result.leasesRevoked += numberOf(leases);
    }
    return replies.at(-1);
  };
  const after = await remove(namespacesIn(first));
  const others = namespacesIn(after).filter((ns) => !covered.has(ns));
  if (others.length > 0) await remove(others);
  return result;
}

function namespacesIn(reply: unknown): string[] {
  return namespacesOf(parseVersionRecord(textOf(reply) ?? ''));
}
