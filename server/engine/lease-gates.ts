import { askForRefresh, type LeaseAnswer, LeaseAsker, type UselessEntry } from './ask-for-lease.ts';
import type { Loader } from './cache.ts';
import type { Decoded } from './codec/entry-codec.ts';
import type { StructureStore } from './codec/structure-store.ts';
import type { EngineContext } from './engine-context.ts';
import type { EntityState } from './entity-state.ts';
import { ENVELOPE_HEAD_BYTES, type EnvelopeProblem, judge } from './envelope.ts';
import type { ForeseenLease, ForeseenLeases } from './foreseen-leases.ts';
import { type CacheKey, dataKeyOf, escapeId } from './keys.ts';
import type { Lease } from './lease.ts';
import { type Gate, slotOf, tidy } from './load-slot.ts';
import type { LoadTable } from './load-table.ts';
import type { SeenEntry } from './load-terms.ts';
import type { LoadWaiter } from './load-waiter.ts';
import { noteRejected } from './note-rejected.ts';
import type { Versions } from './versions.ts';
import type { Wake, WakeUps } from './wake-ups.ts';

/**
 * How the reads of this process ask the fleet for the right to load. A miss asks and waits, and while one question is open
 * everybody who misses that key joins its gate. A stale read asks without waiting.
 */

export type At = { readonly key: CacheKey; readonly ns: string };

/** A question to the fleet, and how its asker is woken if another holds the lease. */
interface LeaseQuestion {
  readonly answer: Promise<LeaseAnswer>;
  readonly wake: { readonly waited: Promise<Wake>; stop(): void };
}

/** A waiter looks again after this even if no push came. */
export const FALLBACK_MS = 250;
/** The version may move under a question, or what stands be of no use, this often: who may not remove it would ask for ever. */
const VAIN_MAX = 3;
const REFRESH_PAUSE_MS = 300;

export class LeaseGates {
  readonly #context: EngineContext;
  readonly #loads: LoadTable;
  readonly #asker: LeaseAsker;
  readonly #wakeUps: WakeUps;
  /** Questions that are under way, refreshes too, until what they bring is taken or given back: `close` waits for them. */
  readonly #asking = new Set<Promise<unknown>>();
  readonly #foreseen: ForeseenLeases;
  readonly #structures: StructureStore;
  #closed = false;

  constructor(
    context: EngineContext,
    loads: LoadTable,
    parts: { versions: Versions; wakeUps: WakeUps; foreseen: ForeseenLeases; structures: StructureStore },
  ) {
    this.#context = context;
    this.#loads = loads;
    this.#asker = new LeaseAsker(context, parts.versions);
    this.#wakeUps = parts.wakeUps;
    this.#foreseen = parts.foreseen;
    this.#structures = parts.structures;
  }

  /** These missed: they get the entry after all, the value of whoever holds the lease, or a load of their own. `foreseen`: the lease is granted. */
  miss(
    entity: EntityState,
    id: string,
    at: At,
    waiters: readonly LoadWaiter[],
    useless: UselessEntry | null,
    foreseen: ForeseenLease | null = null,
  ): void {
    const slot = slotOf(entity, id);
    const failed = this.#loads.failAgain(entity, id, waiters);
    if (failed || slot.gate !== null || this.#closed) {
      if (foreseen !== null) this.#foreseen.giveBack(foreseen);
      if (!failed && slot.gate !== null) slot.gate.late.push(...waiters);
      else if (!failed) this.#loads.loadUnleased(entity, id, waiters);
      tidy(entity, id, slot);
      return;
    }
    const gate: Gate = { late: [...waiters] };
    slot.gate = gate;
    const passing = foreseen === null ? this.#passGate(entity, id, gate, at, useless) : this.#passGateForeseen(entity, id, gate, foreseen);
    passing
      .catch((error: unknown) => {
        // A defect of the engine; nobody may hang for it.
        for (const waiter of shut(entity, id, gate)) waiter.fail(this.#context, entity, id, error);
      })
      .finally(() => tidy(entity, id, slot));
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
    const asked = askForRefresh(this.#context, entity, at, seen.subarray(0, ENVELOPE_HEAD_BYTES)).then(async (lease) => {
      if (lease !== null && this.#closed) await lease.release();
      else if (lease !== null) {
        const entry = { key: at.key, bytes: seen };
        this.#loads.start(entity, id, { lease, reason, loader, seen: entry, waiters: [], begun: false, result: null });
      }
    });
    this.#untilAsked(asked).then(pause, pause);
  }

  /** No further fill begins; leases of loads under way are given back, so that the fleet need not wait for them. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#loads.endFills();
    await this.#foreseen.close();
    while (this.#asking.size > 0) await Promise.all(this.#asking);
    // What was granted a moment before has begun its load by then.
    await new Promise((resolve) => setImmediate(resolve));
    await this.#loads.giveBackLeases();
  }

  async #passGate(entity: EntityState, id: string, gate: Gate, first: At, useless: UselessEntry | null): Promise<void> {
    const { clock } = this.#context;
    const giveUpAtMs = clock.monotonicMs() + entity.policy.loadTimeoutMs + entity.policy.leaseMs;
    let at = first;
    let vain = 0;
    let unwanted = useless;
    let awaited: string | null = null;
    let told = false;
    let tookOver = false;
    while (gate.late.length > 0) {
      if (this.#closed) return this.#startUnleased(entity, id, gate);
      const asking = gate.late;
      gate.late = [];
      const asked: UselessEntry | null = unwanted;
      const { answer: question, wake } = this.#pose(entity, at, asked);
      let answer: LeaseAnswer;
      try {
        answer = await question;
      } finally {
        // Whoever fails is settled by the caller of this method.
        gate.late.unshift(...asking);
      }
      if (answer.kind !== 'held') wake.stop();
      unwanted = null;
      switch (answer.kind) {
        case 'granted': {
          this.#startLeased(entity, id, gate, answer.lease, asked?.why === 'expired' ? { key: at.key, bytes: asked.bytes } : null);
          return;
        }
        case 'entry': {
          const served = await this.#serve(entity, id, at.key, asking, answer.bytes);
          if (served === 'served') {
            gate.late.splice(0, asking.length);
            break;
          }
          vain += 1;
          if (served === 'unreadable' || vain > VAIN_MAX) return this.#startUnleased(entity, id, gate);
          unwanted = served;
          break;
        }
        case 'held': {
          if (this.#loads.join(entity, id, answer.token, at.key, asking)) {
            gate.late.splice(0, asking.length);
            wake.stop();
            break;
          }
          // Rule 6: a key may be invalidated faster than it loads. Another token than the one waited for means a revocation,
          // but for the first of which nobody told: a dead holder's lease ran out, or a failed load gave it back, and another
          // waiter has it.
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
          vain += 1;
          if (vain > VAIN_MAX || entity.prefix === null || entity.record === null) return this.#startUnleased(entity, id, gate);
          at = { key: dataKeyOf(entity.prefix, escapeId(id)), ns: entity.record.ns };
          break;
        }
        case 'writing':
        case 'unavailable':
          return this.#startUnleased(entity, id, gate);
      }
    }
    shut(entity, id, gate);
  }

  /** Who misses the key meanwhile has its load too. Loaders are the service's: what they do at once keeps nobody from an entry that stands. */
  async #passGateForeseen(entity: EntityState, id: string, gate: Gate, foreseen: ForeseenLease): Promise<void> {
    await new Promise<void>((resolve) => process.nextTick(resolve));
    const lease = this.#foreseen.take(foreseen);
    if (lease === null) this.#startUnleased(entity, id, gate);
    else this.#startLeased(entity, id, gate, lease, null);
  }

  #pose(entity: EntityState, at: At, useless: UselessEntry | null): LeaseQuestion {
    const wake = this.#listen(at.key);
    return { answer: this.#ask(entity, at, useless), wake };
  }

  #ask(entity: EntityState, at: At, useless: UselessEntry | null): Promise<LeaseAnswer> {
    const asked = this.#asker.ask(entity, at, useless).then(async (answer): Promise<LeaseAnswer> => {
      if (answer.kind !== 'granted' || !this.#closed) return answer;
      await answer.lease.release();
      return { kind: 'unavailable' };
    });
    return this.#untilAsked(asked);
  }

  /** `close` waits for it. */
  #untilAsked<T>(asked: Promise<T>): Promise<T> {
    const tracked = asked.finally(() => this.#asking.delete(tracked));
    this.#asking.add(tracked);
    return tracked;
  }

  /** `waited` resolves at the first wake after this call, or when the fallback timer has run. */
  #listen(key: CacheKey): LeaseQuestion['wake'] {
    let end = (_how: Wake) => {};
    const waited = new Promise<Wake>((resolve) => {
      const cancel = this.#context.clock.after(FALLBACK_MS, () => end('untold'));
      const forget = this.#wakeUps.listen(key, (how) => end(how));
      end = (how) => {
        cancel();
        forget();
        resolve(how);
      };
    });
    return { waited, stop: () => end('untold') };
  }

  #startLeased(entity: EntityState, id: string, gate: Gate, lease: Lease, seen: SeenEntry | null): void {
    const waiters = shut(entity, id, gate);
    const [first] = waiters;
    if (first === undefined) this.#loads.forget(lease);
    else this.#loads.start(entity, id, { lease, reason: 'miss', loader: first.load, seen, waiters, begun: false, result: null });
  }

  #startUnleased(entity: EntityState, id: string, gate: Gate): void {
    this.#loads.loadUnleased(entity, id, shut(entity, id, gate));
  }

  /**
   * The entry that stood when the lease was asked for: a reply to a question sent after these reads began. The entry itself if it
   * is of no use; `unreadable` where Redis does not tell the set that it was written with.
   */
  async #serve(
    entity: EntityState,
    id: string,
    key: CacheKey,
    waiters: readonly LoadWaiter[],
    bytes: Buffer,
  ): Promise<'served' | 'unreadable' | UselessEntry> {
    const judged = judge(bytes, key, this.#context.redisNow());
    if (judged.kind === 'problem') return this.#reject(entity, id, bytes, judged.problem);
    if (judged.kind === 'expired') return { why: 'expired', bytes };
    const decode = (): Decoded => entity.codec.decode(bytes, judged.payloadOffset, judged);
    let decoded = decode();
    if (decoded.kind === 'unknown set') {
      const set = await this.#structures.fetch(entity, decoded.address);
      if (set === 'unavailable') return 'unreadable';
      decoded = decode();
    }
    switch (decoded.kind) {
      case 'problem':
        return this.#reject(entity, id, bytes, decoded.problem);
      case 'unknown set':
        return this.#reject(entity, id, bytes, 'unknown structures');
      case 'value':
        for (const waiter of waiters) waiter.answer(this.#context, entity, id, decoded.value);
        return 'served';
    }
  }

  #reject(entity: EntityState, id: string, bytes: Buffer, problem: EnvelopeProblem): UselessEntry {
    noteRejected(this.#context, entity, id, problem, this.#context.lease);
    return { why: 'problem', bytes };
  }
}

/** Nobody comes to this gate any more: who misses from now on opens another. Returns those who wait at it. */
function shut(entity: EntityState, id: string, gate: Gate): LoadWaiter[] {
  const slot = entity.slots.get(id);
  if (slot?.gate === gate) slot.gate = null;
  return gate.late.splice(0);
}
