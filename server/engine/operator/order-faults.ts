import type { AckInbox } from '../control/collect-acks.ts';
import { faultsKey } from '../keys.ts';
import { orderFaults as orderScript, scriptCommand } from '../scripts.ts';
import { type FaultOrder, faultDocument } from '../wire/fault-order.ts';
import { announce, readWhoRuns, whoRuns } from './announce.ts';
import type { AckResult, KeySpaceRef } from './operator.ts';
import type { OperatorConnection } from './operator-connection.ts';
import { numberOf } from './replies.ts';

/** Replaces the service's faults. Only instances whose owner allows faults are waited for. Throws a `ZodError` for an illegal order. */
export async function orderFaults(
  connection: OperatorConnection,
  inbox: AckInbox,
  ref: KeySpaceRef,
  faults: readonly FaultOrder[],
): Promise<AckResult & { rev: number }> {
  const legal = faultDocument.shape.faults.parse([...faults]);
  const [reply, ...running] = await connection.run('changes', [
    scriptCommand(orderScript, [faultsKey(ref)], [JSON.stringify(legal)]),
    ...whoRuns(ref),
  ]);
  const rev = numberOf(reply);
  const ids = readWhoRuns(running)
    .filter((instance) => instance.allowFaults)
    .map((instance) => instance.id);
  return { rev, ...(await announce(connection, inbox, ref, { t: 'faults', rev }, ids)) };
}
