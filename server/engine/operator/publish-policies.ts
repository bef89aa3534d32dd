import type { AckInbox } from '../control/collect-acks.ts';
import { policiesKey } from '../keys.ts';
import { scriptCommand } from '../redis/run-pipeline.ts';
import { publishPolicies as publishScript } from '../scripts.ts';
import { type PolicyDocument, policyDocument } from '../wire/policy-document.ts';
import { announce, readWhoRuns, whoRuns } from './announce.ts';
import type { AckResult, KeySpaceRef } from './operator.ts';
import type { OperatorConnection } from './operator-connection.ts';

/**
 * Writes the document unless a higher `rev` stands; an instance that applies the same or a later one acknowledges.
 * Throws a `ZodError` for a document that instances would refuse.
 */
export async function publishPolicies(
  connection: OperatorConnection,
  inbox: AckInbox,
  ref: KeySpaceRef,
  document: PolicyDocument,
): Promise<AckResult> {
  const legal = policyDocument.parse(document);
  const [, ...running] = await connection.run('changes', [
    scriptCommand(publishScript, [policiesKey(ref)], [legal.rev, JSON.stringify(legal)]),
    ...whoRuns(ref),
  ]);
  const ids = readWhoRuns(running).map((instance) => instance.id);
  return announce(connection, inbox, ref, { t: 'policies', rev: legal.rev }, ids);
}
