import * as z from 'zod';
import type { AckInbox } from '../control/collect-acks.ts';
import { parseJson } from '../control/parse-json.ts';
import { parseTimeReply } from '../control/redis-offset.ts';
import { faultsKey } from '../keys.ts';
import { scriptCommand } from '../redis/run-pipeline.ts';
import { orderFaults as orderScript } from '../scripts.ts';
import { FAULT_MS_MAX, type FaultOrder, type FaultOrderInput, faultDocument, faultOrder, ORDERS_MAX } from '../wire/fault-order.ts';
import { announce, readWhoRuns, whoRuns } from './announce.ts';
import type { AckResult, KeySpaceRef } from './operator.ts';
import type { OperatorConnection } from './operator-connection.ts';
import { numberOf } from './replies.ts';

/** What is to begin, and the ids of what is to end. */
export interface FaultChange {
  start?: readonly FaultOrderInput[];
  stop?: readonly string[] | 'all';
}

const change = z.strictObject({
  start: z.array(faultOrder).max(ORDERS_MAX).default([]),
  stop: z.union([z.literal('all'), z.array(z.string().max(64)).max(1_000)]).default([]),
});

/** Others change the document too; whoever loses a race this often has another problem. */
const ATTEMPTS_MAX = 8;

/**
 * Changes the service's faults, then tells the instances. Only those whose owner allows faults are waited for. Throws a
 * `ZodError` that names the field of an order that instances would refuse, before anything is changed.
 */
export async function orderFaults(
  connection: OperatorConnection,
  inbox: AckInbox,
  ref: KeySpaceRef,
  wanted: FaultChange,
): Promise<AckResult & { rev: number }> {
  const { start, stop } = change.parse(wanted);
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const [time, reply] = await connection.run('reads', [
      { name: 'TIME', args: [] },
      { name: 'GET', args: [faultsKey(ref)] },
    ]);
    const nowMs = parseTimeReply(time) ?? 0;
    refuseFarEnds(start, nowMs);
    const standing = Buffer.isBuffer(reply) ? parseJson(faultDocument, reply) : null;
    const kept = stop === 'all' ? [] : (standing?.faults ?? []).filter(({ id, endsAt }) => endsAt > nowMs && !stop.includes(id));
    const faults = [...kept, ...start];
    if (faults.length > ORDERS_MAX) throw problemAt(['start'], `at most ${ORDERS_MAX} faults run at a time`, start.length);
    const [changed, ...running] = await connection.run('changes', [
      scriptCommand(orderScript, [faultsKey(ref)], [Buffer.isBuffer(reply) ? reply : '', JSON.stringify(faults)]),
      ...whoRuns(ref),
    ]);
    const rev = numberOf(changed);
    if (rev === 0) continue;
    const ids = readWhoRuns(running)
      .filter((instance) => instance.allowFaults)
      .map((instance) => instance.id);
    return { rev, ...(await announce(connection, inbox, ref, { t: 'faults', rev }, ids)) };
  }
  throw connection.unavailable(new Error('others change the faults of this service all the time'), 'no');
}

function refuseFarEnds(start: readonly FaultOrder[], nowMs: number): void {
  const at = start.findIndex(({ endsAt }) => endsAt - nowMs > FAULT_MS_MAX);
  if (at === -1) return;
  const message = `must be at most ${FAULT_MS_MAX / 60_000} min from now, by the time of Redis`;
  throw problemAt(['start', at, 'endsAt'], message, start[at]?.endsAt);
}

function problemAt(path: (string | number)[], message: string, input: unknown): z.ZodError {
  return new z.ZodError([{ code: 'custom', path, message, input }]);
}
