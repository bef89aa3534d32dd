import { askRedis } from './ask-redis.ts';
import { isBulk } from './bulk-loader.ts';
import type { StructureStore } from './codec/structure-store.ts';
import type { EngineContext } from './engine-context.ts';
import type { EntityState } from './entity-state.ts';
import { describeError, OriginOverloaded, SerializationError } from './errors.ts';
import type { Fill, FillQueue } from './fill-queue.ts';
import type { CacheKey } from './keys.ts';
import type { Lease } from './lease.ts';
import { type Load, type LoadSlot, slotOf, tidy } from './load-slot.ts';
import { isNotModified, LoadTerms } from './load-terms.ts';
import type { LoadWaiter } from './load-waiter.ts';
import { noteSize } from './note-size.ts';
import { scriptCommand } from './redis/run-pipeline.ts';
import { type RunLoaderOptions, runLoader } from './run-loader.ts';
import { removeIfUnchanged } from './scripts.ts';

/**
 * The loads of this process: at most one running and one next for each key. Those with a lease fill what they load. Where no
 * lease can be had (Redis unreachable, a write under way, a key invalidated faster than it loads) the load runs without one
 * and fills nothing. A reader may share a load that began after the read did, or one whose token its own question saw
 * standing (rule 1); anything else would hand out a value older than an acknowledged invalidation.
 */
export class LoadTable {
  readonly #context: EngineContext;
  readonly #fills: FillQueue;
  readonly #structures: StructureStore;
  readonly #byToken = new Map<string, Load>();
  #closed = false;

  constructor(context: EngineContext, parts: { fills: FillQueue; structures: StructureStore }) {
    this.#context = context;
    this.#fills = parts.fills;
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

  /** A load that fills nothing. Shared by all who come before it begins (rule 1b). */
  loadUnleased(entity: EntityState, id: string, waiters: readonly LoadWaiter[]): void {
    const [first] = waiters;
    if (first !== undefined && !this.failAgain(entity, id, waiters))
      this.start(entity, id, {
        lease: null,
        reason: first.outcome,
        loader: first.load,
        seen: null,
        waiters: [...waiters],
        begun: false,
        result: null,
      });
  }

  /** True if the error of the last load still stands for the key: they have it. */
  failAgain(entity: EntityState, id: string, waiters: readonly LoadWaiter[]): boolean {
    const failure = entity.failures.standing(id, this.#context.clock);
    if (failure === null) return false;
    for (const waiter of waiters) waiter.fail(this.#context, entity, id, failure.error);
    return true;
  }

  /** Rule 9: removes what no reader can use, unless somebody has replaced it. */
  remove(key: CacheKey, bytes: Buffer): void {
    askRedis(this.#context, this.#context.lease, [scriptCommand(removeIfUnchanged, [key], [bytes])]).catch(() => {
      // It never rejects. Where Redis does not answer the entry stays until it expires, and each reader finds the same problem.
    });
  }

  /** What is loaded from now on fills nothing. */
  endFills(): void {
    this.#closed = true;
  }

  /** Of loads under way, so that the fleet need not wait for them. */
  async giveBackLeases(): Promise<void> {
    await Promise.all([...this.#byToken.values()].map((load) => (load.result === null ? load.lease?.release() : undefined)));
  }

  /** Under a lease, or without one. It shares a load of that key that has not begun. */
  start(entity: EntityState, id: string, load: Load): void {
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
    if (older !== null) this.forget(older);
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
    const terms = new LoadTerms(entity, load.lease === null ? null : load.seen);
    let loaded: unknown;
    let value: unknown;
    try {
      const loader = this.#context.faults.loader(load.loader);
      try {
        loaded = await runLoader(loader, loadOptions(this.#context, entity, terms));
      } finally {
        if (!bulk) bulkhead.leave();
      }
      value = isNotModified(loaded) ? terms.previous?.value : entity.project(loaded);
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
    if (load.lease !== null) this.forget(load.lease);
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
      this.forget(lease);
      return;
    }
    const content = unchanged === null ? this.#encode(entity, id, value) : { kind: 'unchanged' as const, entry: unchanged };
    if (content === null) {
      this.forget(lease);
      return;
    }
    const { createdMs, loadCostMs } = times;
    this.#fills.add({ entity, id, lease, content, ttlMs, createdMs, loadCostMs }, () => this.#byToken.delete(lease.token));
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
  forget(lease: Lease): void {
    this.#byToken.delete(lease.token);
    lease.release().catch(() => {
      // `release` asks Redis, which never rejects here; a lease that could not be given back runs out by itself.
    });
  }
}

/** How a loader of this entity is called. */
export function loadOptions(context: EngineContext, entity: EntityState, terms: LoadTerms): RunLoaderOptions {
  const { clock, random, retries } = context;
  const { loadTimeoutMs, retriesMax } = entity.policy;
  return { terms, clock, random, budget: retries, timeoutMs: loadTimeoutMs, retriesMax };
}
