import { askRedis, integerOf, textOf } from './ask-redis.ts';
import type { EngineContext } from './engine-context.ts';
import type { EntityState } from './entity-state.ts';
import { ENVELOPE_HEAD_BYTES } from './envelope.ts';
import { type CacheKey, leaseKey } from './keys.ts';
import { Lease } from './lease.ts';
import { scriptCommand } from './redis/run-pipeline.ts';
import { acquireLease, acquireRefresh, releaseLease, removeIfUnchanged } from './scripts.ts';
import { readRecordCommand, readRecordReply, repairOf, type Versions } from './versions.ts';

export type LeaseAnswer =
  | { kind: 'granted'; lease: Lease }
  /** Somebody filled it between our read and this question. */
  | { kind: 'entry'; bytes: Buffer }
  /** Another load holds it; this instance is listed to be woken. */
  | { kind: 'held'; token: string }
  | { kind: 'writing' }
  /** The entity's version is another now: ask again under it. */
  | { kind: 'moved' }
  | { kind: 'unavailable' };

/** What stands under the key and must not keep a load away: what is no legal entry goes first; what is past its time stays until it is replaced. */
export interface UselessEntry {
  readonly why: 'problem' | 'expired';
  readonly bytes: Buffer;
}

/** Asks the fleet for the right to load a missing key, and for the version record in the same round trip. */
export async function askForLease(
  context: EngineContext,
  versions: Versions,
  entity: EntityState,
  at: { key: CacheKey; ns: string },
  useless: UselessEntry | null,
): Promise<LeaseAnswer> {
  const token = context.nextToken('L');
  const { leaseMs } = entity.policy;
  const keys = [at.key, leaseKey(at.key)];
  const removal = useless?.why === 'problem' ? [scriptCommand(removeIfUnchanged, [at.key], [useless.bytes])] : [];
  const superseded = useless?.why === 'expired' ? useless.bytes.subarray(0, ENVELOPE_HEAD_BYTES) : '';
  const { highestRev } = entity;
  const answer = await askRedis(context, context.lease, [
    ...removal,
    scriptCommand(acquireLease, keys, [token, leaseMs, context.instance, superseded]),
    readRecordCommand(entity),
  ]);
  if (!answer.ok) return { kind: 'unavailable' };
  const [reply, recordReply] = answer.replies.slice(removal.length);
  if (!Array.isArray(reply)) return { kind: 'unavailable' };
  const granted = reply[0] === 1;
  const record = readRecordReply(entity, recordReply, { highestRev, replid: answer.replid });
  if (record.kind === 'record') entity.see(record.record);
  if (record.kind !== 'record' || record.record.ns !== at.ns) {
    if (granted) await giveBack(context, at.key, token);
    if (record.kind === 'record') return { kind: 'moved' };
    if (record.kind === 'refused') return { kind: 'unavailable' };
    const repaired = await versions.repair(entity, repairOf(record));
    return repaired && record.kind !== 'regressed' ? { kind: 'moved' } : { kind: 'unavailable' };
  }
  if (granted) return { kind: 'granted', lease: new Lease(context, context.lease, { ...at, token, leaseMs }) };
  if (reply[0] === 2 && Buffer.isBuffer(reply[1])) return { kind: 'entry', bytes: reply[1] };
  const held = textOf(reply[1]);
  if (reply[0] === 3 && held !== null) return { kind: 'held', token: held };
  return { kind: 'writing' };
}

/** Asks for the right to refresh an entry that is served as stale meanwhile; null if somebody else has it, or nothing is left to refresh. */
export async function askForRefresh(
  context: EngineContext,
  entity: EntityState,
  at: { key: CacheKey; ns: string },
  head: Buffer,
): Promise<Lease | null> {
  const token = context.nextToken('L');
  const { leaseMs } = entity.policy;
  const { highestRev } = entity;
  const answer = await askRedis(context, context.lease, [
    scriptCommand(acquireRefresh, [at.key, leaseKey(at.key)], [token, leaseMs, head]),
    readRecordCommand(entity),
  ]);
  if (!answer.ok || integerOf(answer.replies[0]) !== 1) return null;
  const record = readRecordReply(entity, answer.replies[1], { highestRev, replid: answer.replid });
  if (record.kind === 'record' && record.record.ns === at.ns) return new Lease(context, context.lease, { ...at, token, leaseMs });
  await giveBack(context, at.key, token);
  return null;
}

async function giveBack(context: EngineContext, key: CacheKey, token: string): Promise<void> {
  await askRedis(context, context.lease, [scriptCommand(releaseLease, [key, leaseKey(key)], [token, context.inboxPrefix])]);
}
