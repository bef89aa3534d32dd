import { textOf } from '../ask-redis.ts';
import { readInstances } from '../control/living-instances.ts';
import { instancesKey } from '../keys.ts';
import type { KeySpaceRef } from './operator.ts';
import type { OperatorConnection } from './operator-connection.ts';
import { listOf, numberOf } from './replies.ts';

/** Drops records last seen before `before` (Redis ms), and fields that hold no record. One that lives after all registers again within a second. */
export async function forgetInstances(connection: OperatorConnection, ref: KeySpaceRef, before: number): Promise<number> {
  const key = instancesKey(ref);
  const [pairs] = await connection.run('reads', [{ name: 'HGETALL', args: [key] }]);
  const flat = listOf(pairs);
  const gone: string[] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const field = textOf(flat[at]);
    const [record] = readInstances([flat[at + 1]]);
    if (field !== null && (record === undefined || record.lastSeenAt < before)) gone.push(field);
  }
  if (gone.length === 0) return 0;
  const [removed] = await connection.run('changes', [{ name: 'HDEL', args: [key, ...gone] }]);
  return numberOf(removed);
}
