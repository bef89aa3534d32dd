import { randomBytes } from 'node:crypto';
import type { AckInbox, Question } from '../control/collect-acks.ts';
import { controlChannel } from '../keys.ts';
import { explainersMax } from '../wire/control-message.ts';
import { readWhoRuns, whoRuns } from './announce.ts';
import type { ExplainResult, KeySpaceRef } from './operator.ts';
import type { OperatorConnection } from './operator-connection.ts';

/** Asks those that have run longest, so that who asks again asks the same. */
export async function explainEntry(
  connection: OperatorConnection,
  inbox: AckInbox,
  ref: KeySpaceRef,
  entity: string,
  id: string,
): Promise<ExplainResult> {
  const running = readWhoRuns(await connection.run('reads', whoRuns(ref)));
  const instances = running
    .sort((a, b) => a.startedAt - b.startedAt || (a.id < b.id ? -1 : 1))
    .slice(0, explainersMax)
    .map((instance) => instance.id);
  if (instances.length === 0) return { answers: [], pending: [], living: 0 };
  const question: Question = { t: 'explain', rev: randomBytes(8).toString('hex'), entity, id, instances };
  const message = JSON.stringify({ ...question, replyTo: inbox.channel });
  const explained = await inbox.ask(question, () => connection.run('reads', [{ name: 'PUBLISH', args: [controlChannel(ref), message] }]));
  return { ...explained, living: running.length };
}
