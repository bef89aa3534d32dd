import { askRedis, integerOf, textOf } from './ask-redis.ts';
import { refreshesEarly } from './early-refresh.ts';
import type { EngineContext } from './engine-context.ts';
import type { EntityState } from './entity-state.ts';
import { type Judgement, judge } from './envelope.ts';
import { describeError } from './errors.ts';
import { dataKey, leaseKey, showVersion } from './keys.ts';
import { INSTANCE_LENGTH, TOKEN_LENGTH } from './scripts.ts';
import { isMisconfigured, isPrimary, readRecordCommand, readRecordReply } from './versions.ts';

/** Where one key stands, and what the next read of it would do. Nothing is changed by asking. */
export interface Explanation {
  entity: string;
  id: string;
  /** The tier that would answer: `l1` is this process, `none` the origin. */
  tier: 'l1' | 'redis' | 'none';
  /** Base 36; null where no version record can be read. */
  version: string | null;
  /** What an undo of the last bump would bring back, base 36. */
  previous: string | null;
  /** As it stands in Redis; null without a version. */
  key: string | null;
  freshness:
    | {
        kind: 'fresh' | 'stale' | 'expired';
        createdMs: number;
        freshUntilMs: number;
        expiresMs: number;
        loadCostMs: number;
        marked: boolean;
      }
    | { kind: 'missing' }
    | { kind: 'unusable'; problem: string }
    | { kind: 'unknown' };
  lease: { kind: 'load' | 'write'; holder: string; own: boolean; waiters: number; leftMs: number } | null;
  /** What this process holds itself: served by the next read, or held and not served, and why. Null without an L1, and where it holds nothing. */
  local: { createdMs: number; expiresMs: number; sizeBytes: number; serves: boolean; why: string } | null;
  next: { does: NextRead; why: string };
}

/** `fail`: with the error of the last load. */
export type NextRead =
  | 'serve'
  | 'serve and perhaps refresh'
  | 'serve and refresh'
  | 'wait'
  | 'load and fill'
  | 'load without filling'
  | 'fail';

const FAILED = 'its last load failed, and that is not tried again for a while';

/** All but what the process holds itself, and the error of a load. Asks Redis in one round trip; never rejects. */
export async function explainKey(context: EngineContext, entity: EntityState, id: string): Promise<Omit<Explanation, 'local'>> {
  const base = { entity: entity.name, id, tier: 'none', version: null, previous: null, key: null, lease: null } as const;
  if (entity.codePolicy.strategy === 'none') {
    return {
      ...base,
      freshness: { kind: 'missing' },
      next: { does: 'load without filling', why: 'the policy of this entity says that it is never cached' },
    };
  }
  const unavailable = (why: string, does: NextRead = 'load without filling'): Omit<Explanation, 'local'> => ({
    ...base,
    freshness: { kind: 'unknown' },
    next: { does, why },
  });
  // The record may have moved since this instance last saw it: the second question is then asked under the right version.
  for (const last of [false, true]) {
    const { highestRev, record: believed } = entity;
    const key = believed === null ? null : dataKey(entity.ref, believed.ns, entity.name, id);
    const commands =
      key === null
        ? []
        : [
            { name: 'GET', args: [key] },
            { name: 'GET', args: [leaseKey(key)] },
            { name: 'PTTL', args: [leaseKey(key)] },
          ];
    const asIfMisconfigured = [
      { name: 'ROLE', args: [] },
      { name: 'GET', args: [entity.versionKey] },
    ];
    const answer = await askRedis(context, context.read, [...commands, ...asIfMisconfigured, readRecordCommand(entity)]);
    if (!answer.ok) return unavailable(`Redis cannot be asked (${describeError(answer.error)})`);
    const [role, plainRecord, record] = answer.replies.slice(commands.length);
    const takesNoWrites = isMisconfigured(record) && isPrimary(role);
    const reply = readRecordReply(entity, takesNoWrites ? plainRecord : record, { highestRev, replid: answer.replid });
    switch (reply.kind) {
      case 'refused':
        return unavailable(`Redis refuses the version record (${describeError(reply.error)})`);
      case 'missing':
        return unavailable(
          'there is no version record: the next read makes one, and everything before it is out of reach',
          'load and fill',
        );
      case 'regressed':
        return unavailable('the version record went back: the next read raises it, and everything before that is out of reach');
      case 'foreign':
        return unavailable(
          'Redis is another server, or was started again: the next read adopts the version, and everything before that is out of reach',
          'load and fill',
        );
      case 'record':
        break;
    }
    entity.see(reply.record);
    if (key === null || reply.record.ns !== believed?.ns) {
      if (last) return unavailable('the version changes faster than it can be followed');
      continue;
    }
    const [bytes, lease, leftMs] = answer.replies;
    const judged = Buffer.isBuffer(bytes) ? judgeWhole(entity, bytes, key, context.redisNow()) : null;
    const held = leaseOf(textOf(lease), integerOf(leftMs), context.instance);
    const next = nextRead(context, entity, id, judged, held);
    return {
      ...base,
      tier: serves(next) ? 'redis' : 'none',
      version: showVersion(reply.record.ns),
      previous: reply.record.prev === null ? null : showVersion(reply.record.prev),
      key,
      freshness: freshnessOf(judged),
      lease: held,
      next: takesNoWrites ? withoutWrites(next) : next,
    };
  }
  return unavailable('the version changes faster than it can be followed');
}

function judgeWhole(entity: EntityState, bytes: Buffer, key: string, nowMs: number): Judgement {
  const judged = judge(bytes, key, nowMs);
  if (judged.kind === 'problem') return judged;
  const decoded = entity.codec.decode(bytes, judged.payloadOffset, judged);
  // A set that is not known here is asked for by a read.
  return decoded.kind === 'problem' ? decoded : judged;
}

function freshnessOf(judged: Judgement | null): Explanation['freshness'] {
  if (judged === null) return { kind: 'missing' };
  if (judged.kind === 'problem') return { kind: 'unusable', problem: judged.problem };
  const { kind, createdMs, freshUntilMs, expiresMs, loadCostMs, flags } = judged;
  return { kind, createdMs, freshUntilMs, expiresMs, loadCostMs, marked: flags.includes('stale') };
}

function leaseOf(text: string | null, leftMs: number | null, instance: string): Explanation['lease'] {
  if (text === null || text.length < TOKEN_LENGTH) return null;
  const holder = text.slice(1, 1 + INSTANCE_LENGTH);
  return {
    kind: text.startsWith('W') ? 'write' : 'load',
    holder,
    own: holder === instance,
    waiters: Math.floor((text.length - TOKEN_LENGTH) / INSTANCE_LENGTH),
    leftMs: Math.max(0, leftMs ?? 0),
  };
}

function nextRead(
  context: EngineContext,
  entity: EntityState,
  id: string,
  judged: Judgement | null,
  lease: Explanation['lease'],
): Explanation['next'] {
  if (entity.isUnacknowledged(id)) {
    return {
      does: 'load without filling',
      why: 'Redis has not acknowledged an invalidation of it yet: this instance treats it as invalid',
    };
  }
  // This instance loads the key, or has asked for its lease lately and pauses.
  const busy = lease !== null || entity.slots.has(id);
  const failed = entity.failures.standing(id, context.clock) !== null;
  const nowMs = context.redisNow();
  if (judged?.kind === 'fresh') {
    // Chance from 0 to 1: the earliest that it can decide for a refresh, and the latest.
    if (!refreshesEarly(entity.policy, judged, nowMs, () => 0)) return { does: 'serve', why: 'the entry is fresh' };
    if (failed) return { does: 'serve', why: `the entry is fresh, and near its end; ${FAILED}` };
    if (busy) return { does: 'serve', why: 'the entry is fresh, and somebody loads it again already' };
    const does = refreshesEarly(entity.policy, judged, nowMs, () => 1) ? 'serve and refresh' : 'serve and perhaps refresh';
    return { does, why: 'the entry is fresh, and near enough to its end to be loaded again early' };
  }
  if (judged?.kind === 'stale') {
    const because = judged.flags.includes('stale')
      ? 'a soft invalidation marked the entry stale'
      : 'the entry is past its TTL, within its stale window';
    if (failed) return { does: 'serve', why: `${because}; ${FAILED}` };
    return busy
      ? { does: 'serve', why: `${because}; somebody loads it again already` }
      : { does: 'serve and refresh', why: `${because}; the reader's instance loads it again` };
  }
  const missing = missingBecause(judged);
  if (failed && judged?.kind === 'expired' && nowMs < judged.expiresMs + entity.policy.staleIfErrorMs)
    return { does: 'serve', why: `${missing}; ${FAILED}, so it is served all the same (staleIfError)` };
  if (lease === null) return { does: 'load and fill', why: `${missing}; the lease is free` };
  if (lease.kind === 'write') return { does: 'load without filling', why: `${missing}; the key is being written` };
  return { does: 'wait', why: `${missing}; ${lease.own ? 'this instance' : `instance ${lease.holder}`} loads it` };
}

function serves({ does }: Explanation['next']): boolean {
  return does.startsWith('serve');
}

/** Who would load, or wait for a load, is given the error of the last one while that stands. */
export function failingAgain(context: EngineContext, entity: EntityState, explained: Explanation): Explanation {
  const { next, id } = explained;
  if (serves(next) || entity.failures.standing(id, context.clock) === null) return explained;
  return { ...explained, next: { does: 'fail', why: `${next.why}; ${FAILED} (errorTtl)` } };
}

/** What a read does for which it cannot have a lease. */
function withoutWrites(next: Explanation['next']): Explanation['next'] {
  return {
    does: serves(next) ? 'serve' : 'load without filling',
    why: `${next.why}; Redis takes no writes, because its snapshots fail`,
  };
}

function missingBecause(judged: Judgement | null): string {
  if (judged === null) return 'there is no entry under this version';
  return judged.kind === 'problem' ? `the entry cannot be used: ${judged.problem}` : 'the entry is past its stale window';
}
