import { askRedis, integerOf } from './ask-redis.ts';
import type { EngineContext } from './engine-context.ts';
import type { EntityState } from './entity-state.ts';
import type { EncodedPayload } from './envelope.ts';
import { causeOf, describeError, isOutOfRoom, Unavailable, WriteNotStarted, WrittenNotInvalidated } from './errors.ts';
import { fillCommand } from './fill-queue.ts';
import { type Invalidated, invalidateKey, namespacesOf } from './invalidate-key.ts';
import { dataKey, leaseKey } from './keys.ts';
import { Lease } from './lease.ts';
import { noteSize } from './note-size.ts';
import { scriptCommand } from './redis/run-pipeline.ts';
import { beginWrite } from './scripts.ts';
import { readRecordCommand, readRecordReply, repairOf, type Versions } from './versions.ts';

const OPENING_ROUNDS_MAX = 5;

/**
 * Rule 3: remove and take a write token; write the origin; fill if the token stands, else invalidate. While the token
 * stands readers load without filling. Never a plain SET: one that times out could land over newer data.
 *
 * `write` writes the origin and makes the payload; null (an UPDATE without RETURNING) leaves the key invalidated.
 * Throws `WriteNotStarted` before `write` was called, `WrittenNotInvalidated` after it; what `write` throws is thrown as it is,
 * or as the cause of that where Redis is lost too.
 */
export async function writeValue(
  context: EngineContext,
  versions: Versions,
  entity: EntityState,
  id: string,
  write: () => Promise<EncodedPayload | null>,
): Promise<void> {
  const opened = await openWrite(context, versions, entity, id);
  const createdMs = context.redisNow();
  const startedMs = context.clock.monotonicMs();
  const finish = (payload: EncodedPayload | null) =>
    closeWrite(context, versions, entity, id, opened, payload, {
      createdMs,
      loadCostMs: Math.max(0, context.clock.monotonicMs() - startedMs),
    });
  let payload: EncodedPayload | null;
  try {
    payload = await write();
  } catch (error) {
    // The origin may have been written all the same.
    const ended = await finish(null);
    if (ended.ok) throw error;
    throw new WrittenNotInvalidated(
      `the write to the origin failed and may have been made all the same, and Redis did not acknowledge that the entry is gone (${describeError(ended.error)})`,
      { cause: error },
    );
  }
  const ended = await finish(payload);
  if (!ended.ok) {
    throw new WrittenNotInvalidated(`the origin was written, but Redis did not acknowledge it (${describeError(ended.error)})`, {
      cause: causeOf(ended.error),
    });
  }
  if (payload !== null) noteSize(context, entity, id, payload.bytes.length);
  entity.metrics.counts.sets += 1;
  context.bus.emit({ type: 'written', entity: entity.name, id, filled: payload !== null });
}

/** (i) A write token under every namespace that can be read; an empty list where Redis has no memory for one. */
async function openWrite(context: EngineContext, versions: Versions, entity: EntityState, id: string): Promise<Lease[]> {
  const leases: Lease[] = [];
  const { leaseMs } = entity.policy;
  for (let round = 1; round <= OPENING_ROUNDS_MAX; round += 1) {
    const open = namespacesOf(entity.record).filter((ns) => !leases.some((lease) => lease.ns === ns));
    const tokens = open.map((ns) => ({ ns, key: dataKey(entity.ref, ns, entity.name, id), token: context.nextToken('W'), leaseMs }));
    const { highestRev } = entity;
    const answer = await askRedis(
      context,
      context.write,
      [
        ...tokens.map(({ key, token }) => scriptCommand(beginWrite, [key, leaseKey(key)], [token, leaseMs, context.inboxPrefix])),
        readRecordCommand(entity),
      ],
      { evenIfOpen: true },
    );
    if (!answer.ok) return refuse(leases, answer.error);
    for (const [index, held] of tokens.entries()) {
      const reply = answer.replies[index];
      if (Array.isArray(reply)) leases.push(new Lease(context, context.write, held));
      else if (reply instanceof Error && isOutOfRoom(reply)) return abandon(leases);
      else return refuse(leases, reply instanceof Error ? reply : new Unavailable('unexpected reply'));
    }
    const reply = readRecordReply(entity, answer.replies[tokens.length], { highestRev, replid: answer.replid });
    if (reply.kind === 'refused') return refuse(leases, reply.error);
    if (reply.kind === 'record') {
      entity.see(reply.record);
      if (namespacesOf(reply.record).every((ns) => leases.some((lease) => lease.ns === ns))) return leases;
    } else if (!(await versions.repair(entity, repairOf(reply)))) {
      return refuse(leases, new Unavailable('the version record could not be restored'));
    }
  }
  return refuse(leases, new Unavailable('the version changed faster than it could be followed'));
}

/** (iii) Fills under the current namespace while its token stands; everything else is invalidated (rule 4). */
async function closeWrite(
  context: EngineContext,
  versions: Versions,
  entity: EntityState,
  id: string,
  leases: readonly Lease[],
  payload: EncodedPayload | null,
  load: { createdMs: number; loadCostMs: number },
): Promise<Invalidated> {
  for (const lease of leases) lease.end();
  const lease = leases.find((one) => one.ns === entity.record?.ns);
  if (payload === null || lease === undefined) return invalidateKey(context, versions, entity, id);
  const fill = fillCommand(context, { entity, id, lease, content: { kind: 'value', payload }, ttlMs: null, ...load });
  if (fill === null) return invalidateKey(context, versions, entity, id);
  const answer = await askRedis(context, context.write, [fill], { evenIfOpen: true });
  if (!answer.ok) return answer;
  const filled = integerOf(answer.replies[0]) === 1;
  if (filled) entity.metrics.counts.fills += 1;
  else entity.metrics.counts.fillsRejected += 1;
  // Reads the record after the origin's write, and covers what the filled namespace does not.
  return invalidateKey(context, versions, entity, id, { covered: filled ? new Set([lease.ns]) : new Set() });
}

function abandon(leases: readonly Lease[]): Lease[] {
  for (const lease of leases) lease.end();
  return [];
}

function refuse(leases: readonly Lease[], error: Error): never {
  abandon(leases);
  throw new WriteNotStarted(`Redis did not take the write (${describeError(error)}); the origin was not touched`, {
    cause: causeOf(error),
  });
}
