import { askRedis, integerOf, textOf } from './ask-redis.ts';
import type { EngineContext } from './engine-context.ts';
import type { EntityState } from './entity-state.ts';
import { ENVELOPE_HEAD_BYTES } from './envelope.ts';
import { giveBackLeases, mayStand } from './give-back-leases.ts';
import { type CacheKey, leaseKey } from './keys.ts';
import { Lease } from './lease.ts';
import { type PipelineCommand, scriptCommand } from './redis/run-pipeline.ts';
import { acquireLease, acquireRefresh, removeIfUnchanged } from './scripts.ts';
import { type RecordReply, readRecordCommand, readRecordReply, repairOf, type Versions } from './versions.ts';

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

interface Question {
  readonly entity: EntityState;
  readonly at: { readonly key: CacheKey; readonly ns: string };
  readonly token: string;
  readonly useless: UselessEntry | null;
  resolve(answer: LeaseAnswer | Promise<LeaseAnswer>): void;
}

/** Questions in one pipeline at most. */
const BATCH_MAX = 64;

/**
 * Asks the fleet for the right to load missing keys: those of one turn go out as one pipeline, with the version record of each
 * of their entities in the same round trip.
 */
export class LeaseAsker {
  readonly #context: EngineContext;
  readonly #versions: Versions;
  #unsent: Question[] = [];

  constructor(context: EngineContext, versions: Versions) {
    this.#context = context;
    this.#versions = versions;
  }

  ask(entity: EntityState, at: { key: CacheKey; ns: string }, useless: UselessEntry | null): Promise<LeaseAnswer> {
    return new Promise((resolve) => {
      const waiting = this.#unsent.push({ entity, at, token: this.#context.nextToken('L'), useless, resolve });
      // What is no legal entry is sent along, whole: nothing more is added to it.
      if (waiting === BATCH_MAX || useless?.why === 'problem') this.#flush();
      else if (waiting === 1) process.nextTick(() => this.#flush());
    });
  }

  #flush(): void {
    const questions = this.#unsent;
    this.#unsent = [];
    if (questions.length === 0) return;
    this.#send(questions).catch((error: unknown) => {
      // A defect of the engine; nobody may hang for it.
      for (const question of questions) question.resolve(Promise.reject(error));
    });
  }

  async #send(questions: readonly Question[]): Promise<void> {
    const commands: PipelineCommand[] = [];
    const places = questions.map(({ entity, at, token, useless }) => {
      if (useless?.why === 'problem') commands.push(scriptCommand(removeIfUnchanged, [at.key], [useless.bytes]));
      const superseded = useless?.why === 'expired' ? useless.bytes.subarray(0, ENVELOPE_HEAD_BYTES) : '';
      const args = [token, entity.policy.leaseMs, this.#context.instance, superseded];
      return commands.push(scriptCommand(acquireLease, [at.key, leaseKey(at.key)], args)) - 1;
    });
    /** By entity: the highest rev that is known as the record is asked for, and the place of its reply. */
    const records = new Map<EntityState, { readonly highestRev: number; readonly place: number }>();
    for (const { entity } of questions) {
      if (records.has(entity)) continue;
      records.set(entity, { highestRev: entity.highestRev, place: commands.push(readRecordCommand(entity)) - 1 });
    }
    const late = (replies: readonly unknown[]) => {
      const granted = questions.filter((_, index) => mayStand(replies[places[index] ?? -1]));
      giveBackLate(
        this.#context,
        granted.map(({ at, token }) => ({ key: at.key, token })),
      );
    };
    const answer = await askRedis(this.#context, this.#context.lease, commands, { late });
    for (const [index, question] of questions.entries()) {
      const record = records.get(question.entity);
      const place = places[index];
      if (!answer.ok || record === undefined || place === undefined) question.resolve({ kind: 'unavailable' });
      else {
        const recordReply = readRecordReply(question.entity, answer.replies[record.place], { ...record, replid: answer.replid });
        question.resolve(this.#judge(question, answer.replies[place], recordReply));
      }
    }
  }

  #judge({ entity, at, token }: Question, reply: unknown, record: RecordReply): LeaseAnswer | Promise<LeaseAnswer> {
    if (!Array.isArray(reply)) return { kind: 'unavailable' };
    const granted = reply[0] === 1;
    if (record.kind === 'record') entity.see(record.record);
    if (record.kind !== 'record' || record.record.ns !== at.ns)
      return this.#askElsewhere(entity, granted ? { key: at.key, token } : null, record);
    const { leaseMs } = entity.policy;
    if (granted)
      return { kind: 'granted', lease: new Lease(this.#context, this.#context.lease, { key: at.key, ns: at.ns, token, leaseMs }) };
    if (reply[0] === 2 && Buffer.isBuffer(reply[1])) return { kind: 'entry', bytes: reply[1] };
    const held = textOf(reply[1]);
    if (reply[0] === 3 && held !== null) return { kind: 'held', token: held };
    return { kind: 'writing' };
  }

  /** The question was asked under another version than stands. `granted`: what it brought all the same. */
  async #askElsewhere(entity: EntityState, granted: { key: CacheKey; token: string } | null, record: RecordReply): Promise<LeaseAnswer> {
    if (granted !== null) await giveBackLeases(this.#context, [granted]);
    if (record.kind === 'record') return { kind: 'moved' };
    if (record.kind === 'refused') return { kind: 'unavailable' };
    const repaired = await this.#versions.repair(entity, repairOf(record));
    return repaired && record.kind !== 'regressed' ? { kind: 'moved' } : { kind: 'unavailable' };
  }
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
  const question = scriptCommand(acquireRefresh, [at.key, leaseKey(at.key)], [token, leaseMs, head]);
  const late = ([reply]: readonly unknown[]) => giveBackLate(context, mayStand(reply) ? [{ key: at.key, token }] : []);
  const answer = await askRedis(context, context.lease, [question, readRecordCommand(entity)], { late });
  if (!answer.ok || integerOf(answer.replies[0]) !== 1) return null;
  const record = readRecordReply(entity, answer.replies[1], { highestRev, replid: answer.replid });
  if (record.kind === 'record' && record.record.ns === at.ns) return new Lease(context, context.lease, { ...at, token, leaseMs });
  await giveBackLeases(context, [{ key: at.key, token }]);
  return null;
}

/** What was granted after nobody waited for it any more. */
function giveBackLate(context: EngineContext, leases: readonly { readonly key: CacheKey; readonly token: string }[]): void {
  giveBackLeases(context, leases).catch(() => {
    // It never rejects.
  });
}
