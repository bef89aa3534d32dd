import { textOf } from '../ask-redis.ts';
import type { AckInbox } from '../control/collect-acks.ts';
import { versionKey } from '../keys.ts';
import { scriptCommand } from '../redis/run-pipeline.ts';
import { bumpVersion as bumpScript } from '../scripts.ts';
import { announce, readWhoRuns, whoRuns } from './announce.ts';
import type { BumpResult, KeySpaceRef } from './operator.ts';
import type { OperatorConnection } from './operator-connection.ts';
import { showRecord } from './read-versions.ts';
import { listOf } from './replies.ts';

/** Rule 7. Everything of the entity is unreachable once the script has run; instances are told so that they need no second round trip. */
export async function bumpVersion(
  connection: OperatorConnection,
  inbox: AckInbox,
  ref: KeySpaceRef,
  entity: string,
  expectedRev: string | null,
): Promise<BumpResult> {
  const expected = expectedRev ?? '';
  const [reply, ...running] = await connection.run('changes', [
    scriptCommand(bumpScript, [versionKey(ref, entity)], [expected, '-', expected]),
    ...whoRuns(ref),
  ]);
  const [changed, text] = listOf(reply);
  const record = showRecord(textOf(text));
  if (changed !== 1 || record === null) return { kind: 'conflict', record };
  const ids = readWhoRuns(running).map((instance) => instance.id);
  const acks = await announce(connection, inbox, ref, { t: 'bump', entity, rev: record.rev }, ids);
  return { kind: 'bumped', record, ...acks };
}
