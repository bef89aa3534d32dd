import type { UselessEntry } from './ask-for-lease.ts';
import { askRedis, textOf } from './ask-redis.ts';
import { refreshesEarly } from './early-refresh.ts';
import type { EngineContext } from './engine-context.ts';
import type { EntityState } from './entity-state.ts';
import { decodePayload, type EnvelopeProblem, judge } from './envelope.ts';
import { TooManyReads } from './errors.ts';
import { type CacheKey, dataKeyOf, type EscapedId, escapeId, leaseKey } from './keys.ts';
import type { LoadTable } from './load-table.ts';
import { type LoadWaiter, type ReadWaiter, settleWithDefect, settleWithEntry, settleWithFallback, settleWithout } from './read-waiter.ts';
import { type PipelineCommand, TOKEN_LENGTH } from './scripts.ts';
import { type RecordReply, readRecordCommand, readRecordReply, repairOf, type Versions } from './versions.ts';

/**
 * The read path. All reads of one turn of the event loop go out as one pipeline: one MGET, and the version record of each
 * entity in it (rule 8). A read joins only a batch that is not yet sent (rule 1a); a value is used only under the namespace
 * that the same round trip returned. A key whose load runs here has its lease asked for too, which lets a read join that
 * load (rule 1c). One command for each read, as usual, costs two to five times as much.
 */

/** One key asked for in one batch, with everybody who wants it. */
export interface KeyRead {
  readonly entity: EntityState;
  readonly id: string;
  readonly escapedId: EscapedId;
  readonly waiters: ReadWaiter[];
}

/** A read with the key it was sent under. */
interface SentRead {
  readonly read: KeyRead;
  readonly key: CacheKey;
  readonly ns: string;
  /** Index of the entry in the MGET, and of the lease if it was asked for. */
  readonly at: number;
  readonly leaseAt: number | null;
}

const BATCH_MAX = 256;
/** A bump may come between two rounds, and the first may know no record. */
const ROUNDS_MAX = 3;

export class ReadBatcher {
  readonly #context: EngineContext;
  readonly #loads: LoadTable;
  readonly #versions: Versions;
  #unsent: KeyRead[] = [];

  constructor(context: EngineContext, loads: LoadTable, versions: Versions) {
    this.#context = context;
    this.#loads = loads;
    this.#versions = versions;
  }

  read(entity: EntityState, id: string, waiter: ReadWaiter): void {
    const { reads } = this.#context;
    if (reads.underWay >= reads.max) {
      waiter.reject(new TooManyReads(`${reads.max} reads are under way, no more are taken (readsMax)`));
      return;
    }
    reads.underWay += 1;
    const joined = entity.unsent.get(id);
    if (joined !== undefined) {
      joined.waiters.push(waiter);
      return;
    }
    const read: KeyRead = { entity, id, escapedId: escapeId(id), waiters: [waiter] };
    entity.unsent.set(id, read);
    if (this.#unsent.push(read) === 1) setImmediate(this.#flush);
    else if (this.#unsent.length >= BATCH_MAX) this.#flush();
  }

  readonly #flush = (): void => {
    const reads = this.#unsent;
    if (reads.length === 0) return;
    this.#unsent = [];
    for (const { entity } of reads) entity.unsent.clear();
    // `#send` settles every read of its batch whatever happens; a rejection here is a defect of the engine.
    this.#send(reads, 1, false).catch((error: unknown) => {
      for (const read of reads) for (const waiter of read.waiters) settleWithDefect(this.#context, waiter, error);
    });
  };

  async #send(reads: readonly KeyRead[], round: number, misconfigured: boolean): Promise<void> {
    const { keys, sent, unknown } = this.#address(reads);
    const entities = new Map<EntityState, number>();
    for (const { entity } of reads) entities.set(entity, entity.highestRev);
    const answer = await askRedis(this.#context, this.#context.read, commandsOf(keys, [...entities.keys()], misconfigured));
    const replies = answer.ok ? answer.replies : [];
    const values = keys.length === 0 ? [] : replies.shift();
    if (!answer.ok || !Array.isArray(values)) return this.#unavailable(reads);
    // Snapshots fail and the server refuses writes, GETEX among them: a primary may still be read, once it says that it is one.
    if (misconfigured && !isPrimary(replies.shift())) return this.#unavailable(reads);

    const records = new Map<EntityState, RecordReply>();
    for (const [entity, highestRev] of entities) {
      records.set(entity, readRecordReply(entity, replies.shift(), { highestRev, replid: answer.replid }));
    }
    if (!misconfigured && [...records.values()].some((record) => record.kind === 'refused' && record.error.message.startsWith('MISCONF'))) {
      return this.#send(reads, round, true);
    }
    const again: KeyRead[] = [];
    // What went back is unavailable to who asked; all else can be asked again once it is made good.
    const repairs: Promise<boolean>[] = [];
    const raises: Promise<boolean>[] = [];
    for (const [entity, reply] of records) {
      if (reply.kind === 'record') entity.see(reply.record);
      else if (reply.kind === 'regressed') raises.push(this.#versions.repair(entity, repairOf(reply)));
      else if (reply.kind !== 'refused') repairs.push(this.#versions.repair(entity, repairOf(reply)));
    }
    const nowMs = this.#context.redisNow();
    for (const one of sent) {
      const reply = records.get(one.read.entity);
      if (reply?.kind === 'record' && reply.record.ns === one.ns) this.#settle(one, values, nowMs);
      else if (isAskedAgain(reply)) again.push(one.read);
      else this.#unavailable([one.read]);
    }
    for (const read of unknown) {
      if (isAskedAgain(records.get(read.entity))) again.push(read);
      else this.#unavailable([read]);
    }
    const [repaired] = await Promise.all([Promise.all(repairs), Promise.all(raises)]);
    if (again.length === 0) return;
    if (repaired.includes(false)) return this.#unavailable(again);
    if (round < ROUNDS_MAX) return this.#send(again, round + 1, misconfigured);
    for (const read of again) this.#missUnproven(read);
  }

  /** The keys under the versions that this instance believes in; an entity without one sends its record alone. */
  #address(reads: readonly KeyRead[]): { keys: string[]; sent: SentRead[]; unknown: KeyRead[] } {
    const keys: string[] = [];
    const sent: SentRead[] = [];
    const unknown: KeyRead[] = [];
    for (const read of reads) {
      const { prefix, record } = read.entity;
      if (prefix === null || record === null) {
        unknown.push(read);
        continue;
      }
      const key = dataKeyOf(prefix, read.escapedId);
      const at = keys.push(key) - 1;
      const leaseAt = this.#loads.isLeased(read.entity, read.id) ? keys.push(leaseKey(key)) - 1 : null;
      sent.push({ read, key, ns: record.ns, at, leaseAt });
    }
    return { keys, sent, unknown };
  }

  #settle(one: SentRead, values: unknown[], nowMs: number): void {
    const { read, key } = one;
    if (read.entity.isUnacknowledged(read.id)) {
      this.#missUnproven(read);
      return;
    }
    const bytes = values[one.at];
    if (!Buffer.isBuffer(bytes)) {
      this.#miss(one, values, null);
      return;
    }
    const judged = judge(bytes, key, nowMs);
    switch (judged.kind) {
      case 'problem':
        this.#reject(one, values, bytes, judged.problem);
        break;
      case 'expired':
        this.#keepFallback(read, bytes, judged, nowMs);
        this.#miss(one, values, { why: 'expired', bytes });
        break;
      case 'fresh':
      case 'stale': {
        const decoded = decodePayload(bytes, judged.payloadOffset);
        if (!decoded.ok) {
          this.#reject(one, values, bytes, 'payload does not decode');
          break;
        }
        for (const waiter of read.waiters) settleWithEntry(this.#context, read.entity, read.id, waiter, judged.kind, decoded.value, judged);
        const stale = judged.kind === 'stale';
        if (!stale && !refreshesEarly(read.entity.policy, judged, nowMs, this.#context.random())) break;
        const loader = read.waiters.find((waiter): waiter is LoadWaiter => waiter.kind === 'load');
        if (loader === undefined) break;
        this.#loads.refresh(read.entity, read.id, { key, ns: one.ns }, bytes, loader.load, stale ? 'refresh' : 'early');
        break;
      }
    }
  }

  #reject(one: SentRead, values: unknown[], bytes: Buffer, problem: EnvelopeProblem): void {
    const { entity, id } = one.read;
    entity.metrics.counts.corrupt += 1;
    this.#context.bus.emit({ type: 'entry.rejected', entity: entity.name, id, problem });
    this.#miss(one, values, { why: 'problem', bytes });
  }

  /** Those who load may have it, past its stale window, if their load fails or is late. */
  #keepFallback(read: KeyRead, bytes: Buffer, judged: { payloadOffset: number; expiresMs: number }, nowMs: number): void {
    const { entity, id } = read;
    const { staleIfErrorMs, softTimeoutMs } = entity.policy;
    if (nowMs >= judged.expiresMs + staleIfErrorMs) return;
    const decoded = decodePayload(bytes, judged.payloadOffset);
    if (!decoded.ok) return;
    for (const waiter of read.waiters) {
      if (waiter.kind !== 'load') continue;
      waiter.fallback = { value: decoded.value };
      if (softTimeoutMs !== null)
        this.#context.clock.after(softTimeoutMs, () => settleWithFallback(this.#context, entity, id, waiter, 'load late'));
    }
  }

  #miss(one: SentRead, values: unknown[], useless: UselessEntry | null): void {
    const { read, key, ns } = one;
    const loaders = this.#settleWithoutLoader(read, 'miss');
    if (loaders.length === 0) {
      if (useless?.why === 'problem') this.#loads.remove(key, useless.bytes);
      return;
    }
    const lease = one.leaseAt === null ? null : textOf(values[one.leaseAt]);
    if (lease !== null && this.#loads.join(read.entity, read.id, lease.slice(0, TOKEN_LENGTH), key, loaders)) return;
    this.#loads.miss(read.entity, read.id, { key, ns }, loaders, useless);
  }

  #missUnproven(read: KeyRead): void {
    const loaders = this.#settleWithoutLoader(read, 'miss');
    if (loaders.length > 0) this.#loads.loadUnleased(read.entity, read.id, loaders);
  }

  #unavailable(reads: readonly KeyRead[]): void {
    for (const read of reads) {
      const loaders = this.#settleWithoutLoader(read, 'unavailable');
      if (loaders.length > 0) this.#loads.loadUnleased(read.entity, read.id, loaders);
    }
  }

  #settleWithoutLoader(read: KeyRead, kind: 'miss' | 'unavailable'): LoadWaiter[] {
    const loaders: LoadWaiter[] = [];
    for (const waiter of read.waiters) {
      if (waiter.kind === 'load') {
        waiter.outcome = kind;
        loaders.push(waiter);
      } else settleWithout(this.#context, read.entity, read.id, waiter, kind);
    }
    return loaders;
  }
}

function commandsOf(keys: readonly string[], entities: readonly EntityState[], misconfigured: boolean): PipelineCommand[] {
  const commands: PipelineCommand[] = keys.length === 0 ? [] : [{ name: 'MGET', args: keys }];
  if (!misconfigured) return [...commands, ...entities.map(readRecordCommand)];
  return [...commands, { name: 'ROLE', args: [] }, ...entities.map((entity) => ({ name: 'GET', args: [entity.versionKey] }))];
}

function isAskedAgain(reply: RecordReply | undefined): boolean {
  return reply?.kind === 'record' || reply?.kind === 'missing' || reply?.kind === 'foreign';
}

function isPrimary(role: unknown): boolean {
  return Array.isArray(role) && textOf(role[0]) === 'master';
}
