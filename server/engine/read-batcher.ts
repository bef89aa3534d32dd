import { Buffer } from 'node:buffer';
import type { UselessEntry } from './ask-for-lease.ts';
import { askRedis, textOf } from './ask-redis.ts';
import type { SetFound, StructureStore } from './codec/structure-store.ts';
import { announceReads } from './count-reads.ts';
import { refreshesEarly } from './early-refresh.ts';
import type { EngineContext } from './engine-context.ts';
import type { EntityState } from './entity-state.ts';
import { type EnvelopeProblem, type Judgement, judge } from './envelope.ts';
import { TooManyReads } from './errors.ts';
import type { ForeseenLeases } from './foreseen-leases.ts';
import type { LocalTier } from './l1/local-tier.ts';
import type { LeaseGates } from './lease-gates.ts';
import type { LoadTable } from './load-table.ts';
import type { LoadWaiter } from './load-waiter.ts';
import { noteRejected } from './note-rejected.ts';
import { answerHeld, answerWithEntry, answerWithout, Batch, Read, type Want } from './read.ts';
import { addressRound, commandsOf, keyAt, type Round, Share } from './read-round.ts';
import { TOKEN_LENGTH } from './scripts.ts';
import { isMisconfigured, isPrimary, type RecordReply, readRecordReply, repairOf, type Versions } from './versions.ts';

/**
 * The read path. Reads that come together go out as one pipeline: one MGET, and the version record of each entity in it
 * (rule 8). A read joins only a batch that is not yet sent (rule 1a); a value is used only under the namespace
 * that the same round trip returned. A key whose load runs here has its lease asked for too, which lets a read join that
 * load (rule 1c). One command for each read, as usual, costs two to five times as much.
 */

/** More go out in pieces, so that Redis works on one while this process reads the answers of another… */
const BATCH_MAX = 64;
/** …until it has so many to work on: each batch costs something of its own. */
const SENT_MIN = 2;
const BATCH_MAX_BUSY = 256;
/** A bump may come between two rounds, and the first may know no record. */
const ROUNDS_MAX = 3;

export class ReadBatcher {
  readonly #context: EngineContext;
  readonly #loads: LoadTable;
  readonly #gates: LeaseGates;
  readonly #foreseen: ForeseenLeases;
  readonly #versions: Versions;
  readonly #structures: StructureStore;
  readonly #local: LocalTier | null;
  #unsent: Batch | null = null;
  /** Batches that are with Redis. */
  #sent = 0;
  /** It answered the last one. */
  #answered = false;

  constructor(
    context: EngineContext,
    parts: {
      loads: LoadTable;
      gates: LeaseGates;
      foreseen: ForeseenLeases;
      versions: Versions;
      structures: StructureStore;
      local: LocalTier | null;
    },
  ) {
    this.#context = context;
    this.#loads = parts.loads;
    this.#gates = parts.gates;
    this.#foreseen = parts.foreseen;
    this.#versions = parts.versions;
    this.#structures = parts.structures;
    this.#local = parts.local;
  }

  read(entity: EntityState, id: string, want: Want): Promise<unknown> {
    const { reads } = this.#context;
    if (reads.underWay >= reads.max) {
      return Promise.reject(new TooManyReads(`${reads.max} reads are under way, no more are taken (readsMax)`));
    }
    reads.underWay += 1;
    this.#context.top.read(entity.name, id);
    const batch = this.#unsent ?? this.#begin();
    const first = entity.unsent.get(id);
    if (first !== undefined && mayJoin(first.want, want)) return batch.join(first);
    const read = new Read(entity, id, want);
    if (first === undefined) entity.unsent.set(id, read);
    const answer = batch.add(read);
    if (batch.reads.length >= (this.#sent < SENT_MIN ? BATCH_MAX : BATCH_MAX_BUSY)) this.#flush(batch);
    return answer;
  }

  #begin(): Batch {
    const batch = new Batch(this.#context.clock.monotonicMs());
    this.#unsent = batch;
    const flush = () => this.#flush(batch);
    // A caller alone does not wait for the turn of the event loop to end; and who is answered without Redis must, or nothing else would run.
    if (this.#sent === 0 && this.#answered) process.nextTick(flush);
    else setImmediate(flush);
    return batch;
  }

  #flush(batch: Batch): void {
    if (this.#unsent !== batch) return;
    this.#unsent = null;
    batch.seal();
    for (const { entity } of batch.reads) if (entity.unsent.size > 0) entity.unsent = new Map();
    // `#ask` answers every read of its batch whatever happens; a rejection here is a defect of the engine, and nobody may hang for it.
    this.#ask(batch, batch.reads, 1, false).catch((error: unknown) => {
      for (const read of batch.reads) batch.answer(read, Promise.reject(error));
      batch.open();
    });
  }

  /** `misconfigured`: snapshots fail and the server refuses writes, GETEX among them. A primary may still be read, once it says that it is one. */
  async #ask(batch: Batch, reads: readonly Read[], number: number, misconfigured: boolean): Promise<void> {
    const round = addressRound(batch, reads, this.#loads, this.#local);
    try {
      const { keys, leaseKeys, shares, local } = round;
      const asked = leaseKeys.length === 0 ? keys : [...keys, ...leaseKeys];
      const leases = number > 1 || misconfigured ? [] : this.#foreseen.ask(round);
      const commands = commandsOf(asked, leases, shares.keys(), misconfigured);
      if (local !== null) commands.push(...local.commands);
      // Past the reply to MGET, without which no lease is asked for.
      const late = leases.length === 0 ? undefined : (found: readonly unknown[]) => this.#foreseen.heardLate(round, found.slice(1));
      this.#sent += 1;
      const answer = await askRedis(this.#context, this.#context.read, commands, { late });
      this.#sent -= 1;
      this.#answered = answer.ok;
      const replies = answer.ok ? answer.replies : [];
      let next = 0;
      const values = keys.length === 0 ? [] : replies[next++];
      if (answer.ok && leases.length > 0) this.#foreseen.heard(round, replies.slice(next, next + leases.length));
      next += leases.length;
      if (!answer.ok || !Array.isArray(values) || (misconfigured && !isPrimary(replies[next++]))) {
        this.#end(round);
        this.#unavailable(batch, reads);
        batch.open();
        return;
      }
      let refusesWrites = false;
      for (const share of shares.values()) {
        const reply = readRecordReply(share.entity, replies[next++], { highestRev: share.highestRev, replid: answer.replid });
        if (reply.kind === 'record') share.entity.see(reply.record);
        refusesWrites ||= reply.kind === 'refused' && isMisconfigured(reply.error);
        share.reply = reply;
      }
      local?.heard(replies.slice(next));
      if (refusesWrites && !misconfigured) {
        this.#end(round);
        return this.#ask(batch, reads, number, true);
      }
      const again = this.#answerAndEnd(round, values);
      const repaired = await this.#repair(shares.values());
      if (again.length === 0) return;
      if (!repaired) return this.#unavailable(batch, again);
      if (number < ROUNDS_MAX) return this.#ask(batch, again, number + 1, misconfigured);
      for (const read of again) this.#missUnproven(batch, read);
    } finally {
      // Once more, for a defect of the engine: a lease that nobody ends would stand in the way of `close`.
      this.#end(round);
    }
  }

  /** All its reads are settled, or are asked again. */
  #end(round: Round): void {
    round.local?.end();
    this.#foreseen.end(round);
  }

  /** Returns the reads that must be asked again. */
  #answerAndEnd(round: Round, values: readonly unknown[]): Read[] {
    try {
      const again = this.#answer(round, values);
      for (const read of again) round.batch.postpone(read);
      round.batch.open();
      return again;
    } finally {
      this.#end(round);
    }
  }

  /** Answers what the replies answer; returns the reads that must be asked again. */
  #answer(round: Round, values: readonly unknown[]): Read[] {
    const { batch, reads, unknown, shares } = round;
    const again: Read[] = [];
    const nowMs = this.#context.redisNow();
    let share: Share | undefined;
    for (let at = 0; at < reads.length; at += 1) {
      const read = reads[at];
      if (read === undefined) break;
      if (share?.entity !== read.entity) share = shares.get(read.entity);
      const reply = share?.reply;
      if (share !== undefined && reply?.kind === 'record' && reply.record.ns === share.ns)
        this.#settle(round, share, read, at, values, nowMs);
      else if (isAskedAgain(reply)) again.push(read);
      else this.#unavailable(batch, [read]);
    }
    for (const read of unknown) {
      if (isAskedAgain(shares.get(read.entity)?.reply)) again.push(read);
      else this.#unavailable(batch, [read]);
    }
    this.#count(batch, shares.values());
    return again;
  }

  /** Those whom an entry answered, counted for each entity at once: they began together and end together. */
  #count(batch: Batch, shares: Iterable<Share>): void {
    const durationUs = (this.#context.clock.monotonicMs() - batch.startedAtMs) * 1_000;
    for (const { entity, hits, stale, misses } of shares) {
      entity.noteMisses(misses, hits + stale + misses);
      this.#context.reads.underWay -= hits + stale;
      if (hits > 0) entity.metrics.read('hit', durationUs, hits);
      if (stale > 0) entity.metrics.read('stale', durationUs, stale);
    }
  }

  /** Makes good the records that cannot be used. False if one of those that hold reads up could not be. */
  async #repair(shares: Iterable<Share>): Promise<boolean> {
    const repairs: Promise<boolean>[] = [];
    for (const { entity, reply } of shares) {
      if (reply === null || reply.kind === 'record' || reply.kind === 'refused') continue;
      // What went back is unavailable to who asked; all else can be asked again once it is made good.
      repairs.push(this.#versions.repair(entity, repairOf(reply)).then((repaired) => repaired || reply.kind === 'regressed'));
    }
    return repairs.length === 0 || !(await Promise.all(repairs)).includes(false);
  }

  #settle(round: Round, share: Share, read: Read, at: number, values: readonly unknown[], nowMs: number): void {
    const { entity, id, want } = read;
    if (entity.isUnacknowledged(id)) {
      this.#missUnproven(round.batch, read);
      return;
    }
    const bytes = values[at];
    if (!Buffer.isBuffer(bytes)) {
      this.#miss(round, read, at, values, null);
      return;
    }
    const { spoilEntry } = this.#context.faults;
    if (spoilEntry !== null && this.#isSpoilt(round, read, at, bytes, spoilEntry(bytes))) return;
    const judged = judge(bytes, keyAt(round, at), nowMs);
    switch (judged.kind) {
      case 'problem':
        this.#reject(round, read, at, values, bytes, judged.problem);
        return;
      case 'expired':
        this.#miss(round, read, at, values, { why: 'expired', bytes }, (waiter) => this.#keepFallback(read, waiter, bytes, judged, nowMs));
        return;
      case 'fresh':
      case 'stale':
        break;
    }
    const decoded = entity.codec.decode(bytes, judged.payloadOffset, judged);
    if (decoded.kind === 'problem') {
      this.#reject(round, read, at, values, bytes, decoded.problem);
      return;
    }
    if (decoded.kind === 'unknown set') {
      this.#settleOnceKnown(round, share, read, at, values, decoded.address);
      return;
    }
    const { kind } = judged;
    // Before anybody has the value: it is frozen by this.
    if (kind === 'fresh') round.local?.keep(at, decoded.value, judged, bytes.length - judged.payloadOffset);
    const callers = round.batch.callersOf(read);
    if (want === 'peek') this.#context.reads.underWay -= callers;
    else this.#tally(round.batch, share, read, kind, callers);
    answerWithEntry(round.batch, read, kind, decoded.value, judged);
    if (want === 'get' || want === 'peek') return;
    if (kind === 'fresh' && !refreshesEarly(entity.policy, judged, nowMs, this.#context.random)) return;
    this.#gates.refresh(entity, id, { key: keyAt(round, at), ns: share.ns ?? '' }, bytes, want, kind === 'stale' ? 'refresh' : 'early');
  }

  #tally(batch: Batch, share: Share, read: Read, kind: 'fresh' | 'stale', callers: number): void {
    if (kind === 'fresh') share.hits += callers;
    else share.stale += callers;
    if (!this.#context.bus.active) return;
    const durationUs = (this.#context.clock.monotonicMs() - batch.startedAtMs) * 1_000;
    announceReads(this.#context, read.entity, read.id, kind === 'fresh' ? 'hit' : 'stale', callers, durationUs);
  }

  /** The value waits for the set that it was written with: the reply is as legal then as it is now. */
  #settleOnceKnown(round: Round, share: Share, read: Read, at: number, values: readonly unknown[], address: string): void {
    const { batch } = round;
    batch.postpone(read);
    const found = (set: SetFound) => {
      const bytes = values[at];
      if (set === 'unavailable') this.#unavailable(batch, [read]);
      else if (set === 'absent' && Buffer.isBuffer(bytes)) this.#reject(round, read, at, values, bytes, 'unknown structures');
      else {
        // The share of the batch has been counted already.
        const late = new Share(read.entity, share.ns);
        this.#settle(round, late, read, at, values, this.#context.redisNow());
        this.#count(batch, [late]);
      }
    };
    this.#structures
      .fetch(read.entity, address)
      .then(found)
      .catch((error: unknown) => batch.answer(read, Promise.reject(error)));
  }

  /** A simulated fault: the entry itself is left alone, so what is loaded in its place fills nothing. */
  #isSpoilt(round: Round, read: Read, at: number, stored: Buffer, seen: Buffer | null): boolean {
    if (seen === stored) return false;
    const judged = seen === null ? null : judge(seen, keyAt(round, at), 0);
    if (judged?.kind === 'problem') this.#noteRejected(read, judged.problem);
    this.#missUnproven(round.batch, read);
    return true;
  }

  #noteRejected({ entity, id }: Read, problem: EnvelopeProblem): void {
    noteRejected(this.#context, entity, id, problem, this.#context.read);
  }

  #reject(round: Round, read: Read, at: number, values: readonly unknown[], bytes: Buffer, problem: EnvelopeProblem): void {
    this.#noteRejected(read, problem);
    this.#miss(round, read, at, values, { why: 'problem', bytes });
  }

  /** Those who load may have it, past its stale window, if their load fails or is late. */
  #keepFallback(read: Read, waiter: LoadWaiter, bytes: Buffer, judged: Exclude<Judgement, { kind: 'problem' }>, nowMs: number): void {
    const { entity, id } = read;
    const { staleIfErrorMs, softTimeoutMs } = entity.policy;
    if (nowMs >= judged.expiresMs + staleIfErrorMs) return;
    const decoded = entity.codec.decode(bytes, judged.payloadOffset, judged);
    if (decoded.kind !== 'value') return;
    waiter.fallback = { value: decoded.value };
    if (softTimeoutMs !== null) this.#context.clock.after(softTimeoutMs, () => waiter.late(this.#context, entity, id));
  }

  /** `prepare`: called with who is to wait, before anything can be answered. */
  #miss(
    round: Round,
    read: Read,
    at: number,
    values: readonly unknown[],
    useless: UselessEntry | null,
    prepare: ((waiter: LoadWaiter) => void) | null = null,
  ): void {
    const { entity, id } = read;
    const key = keyAt(round, at);
    const waiter = answerWithout(this.#context, round.batch, read, 'miss');
    if (waiter === null) {
      if (useless?.why === 'problem') this.#loads.remove(key, useless.bytes);
      return;
    }
    prepare?.(waiter);
    const share = round.shares.get(entity);
    if (share !== undefined) share.misses += 1;
    const leaseAt = round.leases.get(read);
    const lease = leaseAt === undefined ? null : textOf(values[leaseAt]);
    if (lease !== null && this.#loads.join(entity, id, lease.slice(0, TOKEN_LENGTH), key, [waiter])) return;
    this.#gates.miss(entity, id, { key, ns: share?.ns ?? '' }, [waiter], useless, this.#foreseen.claim(round, read));
  }

  #missUnproven(batch: Batch, read: Read): void {
    const waiter = answerWithout(this.#context, batch, read, 'miss');
    if (waiter !== null) this.#loads.loadUnleased(read.entity, read.id, [waiter]);
  }

  #unavailable(batch: Batch, reads: readonly Read[]): void {
    for (const read of reads) {
      const held = this.#local?.heldInOutage(read.entity, read.id) ?? null;
      if (held !== null) {
        answerHeld(this.#context, batch, read, held.value, held.times);
        continue;
      }
      const waiter = answerWithout(this.#context, batch, read, 'unavailable');
      if (waiter !== null) this.#loads.loadUnleased(read.entity, read.id, [waiter]);
    }
  }
}

/** Callers of one key share a read if all of them bring a loader, or none does and all want the same. */
function mayJoin(first: Want, other: Want): boolean {
  return first === other || (typeof first === 'function' && typeof other === 'function');
}

function isAskedAgain(reply: RecordReply | null | undefined): boolean {
  return reply?.kind === 'record' || reply?.kind === 'missing' || reply?.kind === 'foreign';
}
