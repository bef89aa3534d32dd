import { parseJson } from '../control/parse-json.ts';
import { parseTimeReply } from '../control/redis-offset.ts';
import { faultsKey, policiesKey } from '../keys.ts';
import { type FaultOrder, faultDocument } from '../wire/fault-order.ts';
import { type PolicyDocument, policyDocument } from '../wire/policy-document.ts';
import type { KeySpaceRef } from './operator.ts';
import type { OperatorConnection } from './operator-connection.ts';

/** The live copy of the policies; null if there is none, or what stands there is none. */
export async function readPolicies(connection: OperatorConnection, ref: KeySpaceRef): Promise<PolicyDocument | null> {
  const [reply] = await connection.run('reads', [{ name: 'GET', args: [policiesKey(ref)] }]);
  return Buffer.isBuffer(reply) ? parseJson(policyDocument, reply) : null;
}

/** The orders that have not reached their end. */
export async function readFaults(connection: OperatorConnection, ref: KeySpaceRef): Promise<FaultOrder[]> {
  const [time, reply] = await connection.run('reads', [
    { name: 'TIME', args: [] },
    { name: 'GET', args: [faultsKey(ref)] },
  ]);
  const document = Buffer.isBuffer(reply) ? parseJson(faultDocument, reply) : null;
  const nowMs = parseTimeReply(time) ?? 0;
  return document?.faults.filter((order) => order.endsAt > nowMs) ?? [];
}
