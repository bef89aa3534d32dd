import { askForLease, askForRefresh, type LeaseAnswer, type UselessEntry } from './ask-for-lease.ts';
import { askRedis } from './ask-redis.ts';
import { isBulk } from './bulk-loader.ts';
import type { LoadContext, Loader } from './cache.ts';
import type { StructureStore } from './codec/structure-store.ts';
import type { EngineContext } from './engine-context.ts';
import type { EntityState } from './entity-state.ts';
import { ENVELOPE_HEAD_BYTES, judge } from './envelope.ts';
import { describeError, OriginOverloaded, SerializationError } from './errors.ts';
import type { Fill, FillQueue } from './fill-queue.ts';
import { type CacheKey, dataKeyOf, escapeId } from './keys.ts';
import type { Lease } from './lease.ts';
import { isNotModified, type LoadTerms, loadContextOf, type SeenEntry } from './load-terms.ts';
import type { LoadWaiter } from './load-waiter.ts';
import { noteSize } from './note-size.ts';
import { type RunLoaderOptions, runLoader } from './run-loader.ts';
import { removeIfUnchanged, scriptCommand } from './scripts.ts';
import type { Versions } from './versions.ts';
import type { WakeUps } from './wake-ups.ts';

/**
 * The loads of this process: at most one running and one next for each key. Three ways lead to a load. A miss asks the
 * fleet for the lease, and while one question is open everybody who misses joins its gate. A stale read asks for the lease
 * without waiting. And where no lease can be had (Redis unreachable, a write under way, a key invalidated faster than it
 * loads) the load runs without one and fills nothing. A reader may share a load that began after the read did, or one whose
 * token its own question saw standing (rule 1); anything else would hand out a value older than an acknowledged invalidation.
 */

type Reason = 'miss' | 'refresh' | 'early' | 'unavailable';
type At = { readonly key: CacheKey; readonly ns: string };

/** What one key does here; forgotten when none of it is left. */
export interface LoadSlot {
  gate: Gate | null;
  running: Load | null;
  next: Load | null;
  /** A refresh was asked for lately: the next question comes after a pause. */
  refreshing: boolean;
}

interface Load {
  lease: Lease | null;
  readonly reason: Reason;
  readonly loader: Loader<unknown>;
  /** The entry that it would replace; with its lease. */
  seen: SeenEntry | null;
  readonly waiters: LoadWaiter[];
  /** Its loader has been called: who comes now may not have its value. */
  begun: boolean;
  /** Set when it has ended well, while its fill is on the way: its token may still be seen standing. */
  result: { value: unknown } | null;
}

/** Those who want a key whose lease is being asked for. Who comes after the question was sent waits for the next one, or for a load that begins later. */
interface Gate {
  late: LoadWaiter[];
}

/** A waiter looks again after this even if no push came. */
export const FALLBACK_MS = 250;
/** The version may move under a question this often. */
const MOVES_MAX = 3;
const REFRESH_PAUSE_MS = 300;

export class LoadTable {
  readonly #context: EngineContext;
  readonly #versions: Versions;
  readonly #fills: FillQueue;
  readonly #wakeUps: WakeUps;
  readonly #structures: StructureStore;
  readonly #byToken = new Map<string, Load>();
  /** Questions for a lease that are under way: `close` gives back what they bring. */
  readonly #asking = new Set<Promise<unknown>>();
  #closed = false;

  constructor(context: EngineContext, parts: { versions: Versions; fills: FillQueue; wakeUps: WakeUps; structures: StructureStore }) {
    this.#context = context;
    this.#versions = parts.versions;
    this.#fills = parts.fills;
    this.#wakeUps = parts.wakeUps;
    this.#structures = parts.structures;
  }

  /** True while a load of this key has a lease here: a batch should ask whether that lease stands. */
  isLeased(entity: EntityState, id: string): boolean {
    const slot = entity.slots.size === 0 ? undefined : entity.slots.get(id);
    return slot !== undefined && (slot.running?.lease != null || slot.next?.lease != null);
  }

  /** Rule 1c: joins the load whose token the caller's own round trip saw standing. False if it is none of ours. */
  join(entity: EntityState, id: string, token: string, key: CacheKey, waiters: readonly LoadWaiter[]): boolean {
    const load = this.#byToken.get(token);
    if (load === undefined || load.lease?.key !== key) return false;
    const { result } = load;
    if (result === null) load.waiters.push(...waiters);
    else for (const waiter of waiters) waiter.answer(this.#context, entity, id, result.value);
    return true;
  }

  /** These missed: they get the entry after all, the value of whoever holds the lease, or a load of their own. */
  miss(entity: EntityState, id: string, at: At, waiters: readonly LoadWaiter[], useless: UselessEntry | null): void {
    if (this.#failAgain(entity, id, waiters)) return;
    const slot = slotOf(entity, id);
    if (slot.gate !== null) {
      slot.gate.late.push(...waiters);
      return;
    }
    const gate: Gate = { late: [...waiters] };
    slot.gate = gate;
    this.#passGate(entity, id, gate, at, useless)
      .catch((error: unknown) => {
        // A defect of the engine; nobody may hang for it.
        for (const waiter of gate.late) waiter.fail(this.#context, entity, id, error);
      })
      .finally(() => {
        slot.gate = null;
        tidy(entity, id, slot);
      });
  }

  /** A load that fills nothing. Shared by all who come before it begins (rule 1b). */
  loadUnleased(entity: EntityState, id: string, waiters: readonly LoadWaiter[]): void {
    const [first] = waiters;
    if (first !== undefined && !this.#failAgain(entity, id, waiters))
      this.#start(entity, id, {
        lease: null,
        reason: first.outcome,
        loader: first.load,
        seen: null,
        waiters: [...waiters],
        begun: false,
        result: null,
      });
  }

  /** One instance of the fleet loads an entry again that is stale, or soon will be, while all are served from it. */
  refresh(entity: EntityState, id: string, at: At, seen: Buffer, loader: Loader<unknown>, reason: 'refresh' | 'early'): void {
    const slot = slotOf(entity, id);
    const failed = entity.failures.standing(id, this.#context.clock) !== null;
    if (slot.refreshing || slot.gate !== null || slot.running !== null || failed || this.#closed) {
      tidy(entity, id, slot);
      return;
    }
    slot.refreshing = true;
    const pause = () =>
      this.#context.clock.after(REFRESH_PAUSE_MS, () => {
        slot.refreshing = false;
        tidy(entity, id, slot);
      });
    askForRefresh(this.#context, entity, at, seen.subarray(0, ENVELOPE_HEAD_BYTES)).then((lease) => {
      if (lease !== null && this.#closed) this.#forget(lease);
      else if (lease !== null) {
        const entry = { key: at.key, bytes: seen };
        this.#start(entity, id, { lease, reason, loader, seen: entry, waiters: [], begun: false, result: null });
      }
      pause();
    }, pause);
  }

  /** True if the error of the last load still stands for the key: they have it. */
  #failAgain(entity: EntityState, id: string, waiters: readonly LoadWaiter[]): boolean {
    const failure = entity.failures.standing(id, this.#context.clock);
    if (failure === null) return false;
    for (const waiter of waiters) waiter.fail(this.#context, entity, id, failure.error);
    return true;
  }

  /** Rule 9: removes what no reader can use, unless somebody has replaced it. */
  remove(key: CacheKey, bytes: Buffer): void {
    // It stays until it expires if Redis does not answer; each reader finds the same problem again.
    askRedis(this.#context, this.#context.lease, [scriptCommand(removeIfUnchanged, [key], [bytes])]).catch(() => {});
  }

  /** No further fill begins; leases of loads under way are given back, so that the fleet need not wait for them. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#asking);
    await Promise.all([...this.#byToken.values()].map((load) => (load.result === null ? load.lease?.release() : undefined)));
  }

  async #passGate(entity: EntityState, id: string, gate: Gate, first: At, useless: UselessEntry | null): Promise<void> {
    const { clock } = this.#context;
    const giveUpAtMs = clock.monotonicMs() + entity.policy.loadTimeoutMs + entity.policy.leaseMs;
    let at = first;
    let moves = 0;
    let unwanted = useless;
    let awaited: string | null = null;
    let told = false;
    let tookOver = false;
    while (gate.late.length > 0) {
      const asking = gate.late;
      gate.late = [];
      const wake = this.#listen(at.key);
      const asked = unwanted;
      const answer = await this.#ask(entity, at, asked);
      // Whoever fails from here on is settled by the caller of this method.
      gate.late.unshift(...asking);
      if (answer.kind !== 'held') wake.stop();
      unwanted = null;
      switch (answer.kind) {
        case 'granted': {
          this.#startLeased(entity, id, gate, answer.lease, asked?.why === 'expired' ? { key: at.key, bytes: asked.bytes } : null);
          return;
        }
        case 'entry': {
          unwanted = this.#serve(entity, id, at.key, asking, answer.bytes);
          if (unwanted === null) gate.late.splice(0, asking.length);
          break;
        }
        case 'held': {
          if (this.join(entity, id, answer.token, at.key, asking)) {
            gate.late.splice(0, asking.length);
            wake.stop();
            break;
          }
          // Rule 6: a key may be invalidated faster than it loads. Another token than the one waited for means a revocation,
          // but for the first of which nobody told: a dead holder's lease ran out, and another waiter has it.
          const changed: boolean = awaited !== null && awaited !== answer.token;
          if ((changed && (told || tookOver)) || clock.monotonicMs() >= giveUpAtMs) {
            wake.stop();
            return this.#startUnleased(entity, id, gate);
          }
          tookOver ||= changed;
          awaited = answer.token;
          told = (await wake.waited) === 'told';
          break;
        }
        case 'moved': {
          moves += 1;
          if (moves > MOVES_MAX || entity.prefix === null || entity.record === null) return this.#startUnleased(entity, id, gate);
          at = { key: dataKeyOf(entity.prefix, escapeId(id)), ns: entity.record.ns };
          break;
        }
        case 'writing':
        case 'unavailable':
          return this.#startUnleased(entity, id, gate);
      }
    }
  }

  async #ask(entity: EntityState, at: At, unwanted: UselessEntry | null): Promise<LeaseAnswer> {
    const question = askForLease(this.#context, this.#versions, entity, at, unwanted);
    this.#asking.add(question);
    try {
      return await question;
    } finally {
      this.#asking.delete(question);
    }
  }

  /** `waited` resolves at the first wake after this call, or when the fallback timer has run. */
  #listen(key: CacheKey): { waited: Promise<'told' | 'untold'>; stop(): void } {
    let end = (_how: 'told' | 'untold') => {};
    const waited = new Promise<'told' | 'untold'>((resolve) => {
      const cancel = this.#context.clock.after(FALLBACK_MS, () => end('untold'));
      const forget = this.#wakeUps.listen(key, () => end('told'));
      end = (how) => {
        cancel();
        forget();
        resolve(how);
      };
    });
    return { waited, stop: () => end('untold') };
  }

  #startLeased(entity: EntityState, id: string, gate: Gate, lease: Lease, seen: SeenEntry | null): void {
    const waiters = gate.late.splice(0);
    const [first] = waiters;
    if (first !== undefined) {
      this.#start(entity, id, { lease, reason: 'miss', loader: first.load, seen, waiters, begun: false, result: null });
    }
  }

  #startUnleased(entity: EntityState, id: string, gate: Gate): void {
    this.loadUnleased(entity, id, gate.late.splice(0));
  }

  /** The entry that stood when the lease was asked for: a reply to a question sent after these reads began. Null once they have it; the entry if it is of no use. */
  #serve(entity: EntityState, id: string, key: CacheKey, waiters: readonly LoadWaiter[], bytes: Buffer): UselessEntry | null {
    const judged = judge(bytes, key, this.#context.redisNow());
    if (judged.kind === 'problem' || judged.kind === 'expired') return { why: judged.kind, bytes };
    const decoded = entity.codec.decode(bytes, judged.payloadOffset, judged);
    if (decoded.kind !== 'value') return { why: 'problem', bytes };
    for (const waiter of waiters) waiter.answer(this.#context, entity, id, decoded.value);
    return null;
  }

  #start(entity: EntityState, id: string, load: Load): void {
    if (load.lease !== null) this.#byToken.set(load.lease.token, load);
    const slot = slotOf(entity, id);
    if (slot.running === null) {
      this.#run(entity, id, slot, load);
      return;
    }
    const unbegun = slot.running.begun ? slot.next : slot.running;
    if (unbegun === null) {
      slot.next = load;
      return;
    }
    // It has not begun: who waits for this one may have that one's value, and it may fill under this lease.
    unbegun.waiters.push(...load.waiters);
    if (load.lease === null) return;
    const older = unbegun.lease;
    if (older !== null) this.#forget(older);
    unbegun.lease = load.lease;
    unbegun.seen = load.seen;
    this.#byToken.set(load.lease.token, unbegun);
  }

  #run(entity: EntityState, id: string, slot: LoadSlot, load: Load): void {
    const { bulkhead, bus } = this.#context;
    slot.running = load;
    const finish = () => {
      slot.running = null;
      const { next } = slot;
      slot.next = null;
      if (next !== null) this.#run(entity, id, slot, next);
      else tidy(entity, id, slot);
    };
    const refuse = (error: OriginOverloaded) => {
      bus.emit({ type: 'load.refused', entity: entity.name, id });
      this.#fail(entity, id, load, error);
      finish();
    };
    // A refresh is for nobody in particular: it gives way to those who wait.
    if ((load.reason === 'refresh' || load.reason === 'early') && !bulkhead.hasRoom && load.waiters.length === 0) {
      refuse(new OriginOverloaded('a refresh gives way to loads that somebody waits for'));
      return;
    }
    const begin = () => {
      this.#begin(entity, id, load).then(finish, finish);
    };
    // A bulk load takes its place with all its ids at once.
    if (isBulk(load.loader)) begin();
    else bulkhead.enter(begin, refuse, entity.policy.loadTimeoutMs);
  }

  /** Calls the loader and answers who waits. Never rejects. */
  async #begin(entity: EntityState, id: string, load: Load): Promise<void> {
    const { clock, bus, bulkhead } = this.#context;
    const { counts } = entity.metrics;
    load.begun = true;
    const bulk = isBulk(load.loader);
    if (!bulk) counts.originCalls += 1;
    bus.emit({ type: 'load.started', entity: entity.name, id, leased: load.lease !== null, reason: load.reason });
    const createdMs = this.#context.redisNow();
    const startedMs = clock.monotonicMs();
    const cost = () => Math.max(0, clock.monotonicMs() - startedMs);
    const { terms, context } = loadContextOf(entity, load.lease === null ? null : load.seen);
    let loaded: unknown;
    let value: unknown;
    try {
      const loader = this.#context.faults.loader(load.loader);
      loaded = await runLoader(loader, loadOptions(this.#context, entity, context)).finally(() => {
        if (!bulk) bulkhead.leave();
      });
      value = isNotModified(loaded) ? context.previous?.value : entity.project(loaded);
    } catch (error) {
      if (!bulk) counts.originErrors += 1;
      bus.emit({ type: 'load.failed', entity: entity.name, id, costMs: cost(), error });
      const { errorTtlMs } = entity.policy;
      if (errorTtlMs > 0) entity.failures.note(id, error, errorTtlMs, clock, this.#context.random());
      this.#fail(entity, id, load, error);
      return;
    }
    const loadCostMs = cost();
    entity.failures.forget(id);
    load.result = { value };
    bus.emit({ type: 'load.ended', entity: entity.name, id, costMs: loadCostMs });
    // Encoded before anybody has the value: a caller may change it.
    const unchanged = isNotModified(loaded) ? (load.seen?.bytes ?? null) : null;
    this.#fill(entity, id, load, terms, { value, unchanged }, { createdMs, loadCostMs });
    for (const waiter of load.waiters.splice(0)) waiter.answer(this.#context, entity, id, value);
  }

  #fail(entity: EntityState, id: string, load: Load, error: unknown): void {
    if (load.lease !== null) this.#forget(load.lease);
    for (const waiter of load.waiters.splice(0)) waiter.fail(this.#context, entity, id, error);
  }

  #fill(
    entity: EntityState,
    id: string,
    load: Load,
    { kept, ttlMs }: LoadTerms,
    { value, unchanged }: { value: unknown; unchanged: Buffer | null },
    times: { createdMs: number; loadCostMs: number },
  ): void {
    const { lease } = load;
    if (lease === null) return;
    if (lease.lost || this.#closed || !kept) {
      if (lease.lost) {
        entity.metrics.counts.fillsRejected += 1;
        this.#context.bus.emit({ type: 'fill', entity: entity.name, id, result: 'rejected' });
      }
      this.#forget(lease);
      return;
    }
    const content = unchanged === null ? this.#encode(entity, id, value) : { kind: 'unchanged' as const, entry: unchanged };
    if (content === null) {
      this.#forget(lease);
      return;
    }
    const forget = () => this.#byToken.delete(lease.token);
    this.#fills.add({ entity, id, lease, content, ttlMs, ...times }).then(forget, forget);
  }

  /** Null for a value that cannot be kept. */
  #encode(entity: EntityState, id: string, value: unknown): Fill['content'] | null {
    try {
      const payload = entity.codec.encode(value);
      this.#structures.tend(entity);
      noteSize(this.#context, entity, id, payload.bytes.length);
      return { kind: 'value', payload };
    } catch (error) {
      const problem = error instanceof SerializationError ? error.message : describeError(error);
      this.#context.bus.emit({ type: 'value.unserializable', entity: entity.name, id, problem });
      return null;
    }
  }

  /** Nothing will be filled under it. */
  #forget(lease: Lease): void {
    this.#byToken.delete(lease.token);
    lease.release().catch(() => {
      // `release` asks Redis, which never rejects here; a lease that could not be given back runs out by itself.
    });
  }
}

/** How a loader of this entity is called. */
export function loadOptions(engine: EngineContext, entity: EntityState, context: Omit<LoadContext, 'signal'>): RunLoaderOptions {
  const { clock, random, retries } = engine;
  const { loadTimeoutMs, retriesMax } = entity.policy;
  return { context, clock, random, budget: retries, timeoutMs: loadTimeoutMs, retriesMax };
}

function slotOf(entity: EntityState, id: string): LoadSlot {
  let slot = entity.slots.get(id);
  if (slot === undefined) {
    slot = { gate: null, running: null, next: null, refreshing: false };
    entity.slots.set(id, slot);
  }
  return slot;
}

function tidy(entity: EntityState, id: string, slot: LoadSlot): void {
  if (slot.gate === null && slot.running === null && slot.next === null && !slot.refreshing && entity.slots.get(id) === slot)
    entity.slots.delete(id);
}
