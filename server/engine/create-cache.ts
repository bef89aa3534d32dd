import type { Redis } from 'ioredis';
import { Acknowledged } from './acknowledged.ts';
import { applyPolicies, describeEntities } from './apply-policies.ts';
import { askRedis } from './ask-redis.ts';
import { awaitConnection } from './await-connection.ts';
import { bulkLoaders } from './bulk-loader.ts';
import type { BumpReceipt, Cache, CacheOptions, InvalidationReceipt, Loader, LoadMany, ManyResult, Peek, ReadOptions } from './cache.ts';
import { changeVersion } from './change-version.ts';
import { checkRecords } from './check-records.ts';
import { type Clock, systemClock } from './clock.ts';
import { StructureStore } from './codec/structure-store.ts';
import { type ControlLink, openControlLink } from './control/control-link.ts';
import { DeferredInvalidations } from './deferred-invalidations.ts';
import type { EngineContext } from './engine-context.ts';
import { EntityState } from './entity-state.ts';
import type { SoundPolicies, TypesOf } from './entity-types.ts';
import {
  CacheClosed,
  ConfigurationError,
  causeOf,
  describeError,
  InvalidationNotAcknowledged,
  NothingToUndo,
  SerializationError,
  WrittenNotInvalidated,
} from './errors.ts';
import { type CacheEvent, createEventBus, type EventBus } from './events.ts';
import { type Explanation, explainKey } from './explain-key.ts';
import { FaultSwitch } from './fault/fault-switch.ts';
import { FillQueue } from './fill-queue.ts';
import { createInstanceId, tokenSource } from './instance-id.ts';
import { type Invalidated, type InvalidationMode, invalidateKey } from './invalidate-key.ts';
import { inboxChannel, inboxPrefix, showVersion } from './keys.ts';
import { explainLocal } from './l1/explain-local.ts';
import type { LocalEntries, LocalEntry } from './l1/local-entries.ts';
import { LocalTier, type LocalTierOptions } from './l1/local-tier.ts';
import { LeaseGates } from './lease-gates.ts';
import { LoadTable } from './load-table.ts';
import { loadUncached } from './load-uncached.ts';
import { LoopLag } from './loop-lag.ts';
import { takeFrame } from './metrics.ts';
import { openEngineClients } from './open-engine-clients.ts';
import type { KeySpaceRef } from './operator/operator.ts';
import { OriginBulkhead } from './origin-bulkhead.ts';
import { Outage } from './outage.ts';
import { parseCacheOptions, type ResolvedCacheOptions } from './parse-cache-options.ts';
import type { PolicyInput } from './policy.ts';
import { ReadBatcher } from './read-batcher.ts';
import { readMany } from './read-many.ts';
import { Deadlines } from './redis/deadlines.ts';
import { createSubscriberHub, type SubscriberHub } from './redis/subscriber-hub.ts';
import { RetryBudget } from './retry-budget.ts';
import { TopKeys } from './top-keys.ts';
import { Versions } from './versions.ts';
import { WakeUps } from './wake-ups.ts';
import type { Frame } from './wire/frame.ts';
import { writeValue } from './write-value.ts';

/** `ready` gives up waiting for a connection after this; reads answer from the origin until it stands. */
const CONNECT_WAIT_MS = 1_000;

/** What a test may put in place of the machine's own. */
export interface CacheParts {
  clock?: Clock;
  /** From 0 to 1. */
  random?: () => number;
}

/** A cache for one service. Connects at once; throws `ConfigurationError` with the path of a wrong option. */
export function createCache<const Policies extends Record<string, PolicyInput>>(
  options: CacheOptions<Extract<keyof Policies, string>, Policies & SoundPolicies<Policies>>,
): Cache<Extract<keyof Policies, string>, TypesOf<Policies>>;
// For names that are stated: inferred, policies that the first form refuses would pass here without types.
export function createCache<Entity extends string = never>(
  options: [Entity] extends [never] ? never : CacheOptions<NoInfer<Entity>>,
): Cache<Entity>;
export function createCache(options: CacheOptions<string>): Cache<string> {
  return byDeclaration(new SideboardCache(parseCacheOptions(options), {}));
}

/** `createCache` with a clock and a source of chance of one's own: for tests. */
export function createCacheWith<Entity extends string>(options: CacheOptions<Entity>, parts: CacheParts): Cache<Entity> {
  return byDeclaration(new SideboardCache(parseCacheOptions(options), parts));
}

class SideboardCache implements Pick<Cache, 'ready' | 'bumpVersion' | 'undoBump' | 'onEvent' | 'close'> {
  readonly #bus: EventBus = createEventBus();
  readonly #entities: ReadonlyMap<string, EntityState>;
  readonly #context: EngineContext;
  readonly #versions: Versions;
  readonly #fills: FillQueue;
  readonly #gates: LeaseGates;
  readonly #batcher: ReadBatcher;
  readonly #wakeUps: WakeUps;
  readonly #hub: SubscriberHub;
  readonly #control: Redis;
  readonly #link: ControlLink;
  readonly #faults: FaultSwitch;
  readonly #structures: StructureStore;
  readonly #local: LocalTier | null;
  readonly #deferred: DeferredInvalidations;
  readonly #acknowledged: Acknowledged;
  #starting: Promise<void> | null = null;
  #closing: Promise<void> | null = null;

  constructor(options: ResolvedCacheOptions, parts: CacheParts) {
    const { ref, connection, deadlineMs } = options;
    const { clock = systemClock, random = Math.random } = parts;
    const bus = this.#bus;
    const instance = createInstanceId();
    this.#faults = new FaultSwitch({ allow: options.allowFaults, instance, random, emit: (event) => bus.emit(event) });
    this.#acknowledged = new Acknowledged(clock);
    const { read, write, lease, control, openSubscriber } = openEngineClients({
      connection,
      deadlineMs,
      clock,
      random,
      faults: this.#faults,
      bus,
      outage: new Outage(bus, clock),
      isClosing: () => this.#closing !== null,
      onAnotherServer: () => {
        this.#changeServer().catch((error: unknown) =>
          bus.emit({ type: 'control.rejected', what: 'server', reason: describeError(error) }),
        );
      },
    });
    this.#control = control;
    this.#hub = createSubscriberHub(openSubscriber(), clock, (error) => bus.emit({ type: 'listener.failed', error }));
    this.#entities = new Map([...options.policies].map(([name, policy]) => [name, new EntityState(ref, name, policy)]));
    this.#link = this.#openLink(ref, instance, options, clock);
    const link = this.#link;
    this.#context = {
      ref,
      instance,
      inboxPrefix: inboxPrefix(ref),
      deadlineMs,
      deadlines: new Deadlines(clock, deadlineMs),
      clock,
      random,
      lag: new LoopLag(clock),
      bulkhead: new OriginBulkhead({ clock, ...options.origin }),
      retries: new RetryBudget(),
      bus,
      reads: { underWay: 0, max: options.readsMax },
      top: new TopKeys(random),
      read,
      lease,
      write,
      faults: this.#faults,
      redisNow: () => link.redisNow(),
      nextToken: tokenSource(instance),
    };
    this.#versions = new Versions(this.#context);
    this.#fills = new FillQueue(this.#context);
    this.#wakeUps = new WakeUps(this.#hub, inboxChannel(ref, instance));
    this.#structures = new StructureStore(this.#context);
    this.#local = options.l1 === null ? null : this.#openLocal(options.l1, openSubscriber);
    const loads = new LoadTable(this.#context, { fills: this.#fills, structures: this.#structures });
    this.#gates = new LeaseGates(this.#context, loads, { versions: this.#versions, wakeUps: this.#wakeUps });
    this.#batcher = new ReadBatcher(this.#context, {
      loads,
      gates: this.#gates,
      versions: this.#versions,
      structures: this.#structures,
      local: this.#local,
    });
    this.#deferred = new DeferredInvalidations(bus, clock, {
      invalidate: async (entity, id) => (await this.#invalidate(entity, id, 'hard')).ok,
      bump: async (entity) => (await changeVersion(this.#context, this.#versions, entity, 'bump')).ok,
    });
    this.#context.write.onUsable(() => {
      // `replay` never rejects.
      this.#deferred.replay().catch(() => {});
    });
  }

  ready(): Promise<void> {
    if (this.#closing !== null) return Promise.reject(new CacheClosed());
    this.#starting ??= this.#start();
    return this.#starting;
  }

  getOrSet<T>(entityName: string, id: string, load: Loader<T>, options?: ReadOptions): Promise<T> {
    const local = options === undefined ? this.#served(entityName, id) : this.#servedAs(options, entityName, id);
    if (local !== null) return trustPromise<T>(local);
    const entity = this.#entity(entityName);
    if (entity instanceof Error) return Promise.reject(entity);
    if (entity.codePolicy.strategy === 'none' || options?.skipCache)
      return trustPromise<T>(loadUncached(this.#context, entity, id, trustLoader(load)));
    return trustPromise<T>(this.#batcher.read(entity, id, trustLoader(load)));
  }

  get<T>(entityName: string, id: string, options?: Pick<ReadOptions, 'strict'>): Promise<T | undefined> {
    const local = options === undefined ? this.#served(entityName, id) : this.#servedAs(options, entityName, id);
    if (local !== null) return trustPromise<T>(local);
    const entity = this.#entity(entityName);
    if (entity instanceof Error) return Promise.reject(entity);
    if (entity.codePolicy.strategy === 'none') return Promise.resolve(undefined);
    return trustPromise<T | undefined>(this.#batcher.read(entity, id, 'get'));
  }

  async getMany<T>(
    entityName: string,
    ids: readonly string[],
    loadMany: LoadMany<T>,
    options: ReadOptions = {},
  ): Promise<Map<string, ManyResult<T>>> {
    const entity = this.#entityOrThrow(entityName);
    const loaderOf = bulkLoaders(this.#context, entity, loadMany);
    return trustLoaded<Map<string, ManyResult<T>>>(
      await readMany(ids, (id) => this.getOrSet<unknown>(entityName, id, loaderOf(id), options)),
    );
  }

  peek<T>(entityName: string, id: string): Promise<Peek<T>> {
    const entity = this.#entity(entityName);
    if (entity instanceof Error) return Promise.reject(entity);
    if (entity.codePolicy.strategy === 'none') return Promise.resolve({ kind: 'miss' });
    return trustPromise<Peek<T>>(this.#batcher.read(entity, id, 'peek'));
  }

  async set<T>(entityName: string, id: string, value: T | (() => Promise<T>)): Promise<void> {
    const entity = this.#entityOrThrow(entityName);
    const write = isWriter(value) ? value : null;
    // Refused before anything is touched.
    if (write === null && value === undefined) throw new SerializationError('the value is undefined; `null` says "not found"');
    if (write === null) entity.codec.encode(entity.project(value));
    if (entity.codePolicy.strategy === 'none') {
      await write?.();
      entity.metrics.counts.sets += 1;
      return;
    }
    try {
      await writeValue(this.#context, this.#versions, entity, id, write ?? (() => Promise.resolve(value)));
      this.#acknowledged.add(entity, id);
      this.#structures.tend(entity);
    } catch (error) {
      if (error instanceof WrittenNotInvalidated) this.#deferred.add(entity, id);
      throw error;
    } finally {
      // Before the caller is told.
      entity.local?.drop(id);
      entity.failures.forget(id);
    }
  }

  async invalidate(entityName: string, id: string, { mode = 'hard' }: { mode?: InvalidationMode } = {}): Promise<InvalidationReceipt> {
    const entity = this.#entityOrThrow(entityName);
    if (entity.codePolicy.strategy === 'none') return { removed: 0, markedStale: 0, leasesRevoked: 0 };
    const invalidated = await this.#invalidate(entity, id, mode);
    if (invalidated.ok) return invalidated.receipt;
    this.#deferred.add(entity, id);
    throw notAcknowledged(invalidated.error);
  }

  bumpVersion(entityName: string): Promise<BumpReceipt> {
    return this.#changeVersion(entityName, 'bump');
  }

  undoBump(entityName: string): Promise<BumpReceipt> {
    return this.#changeVersion(entityName, 'undo');
  }

  async explain(entityName: string, id: string): Promise<Explanation> {
    return this.#explain(this.#entityOrThrow(entityName), id);
  }

  async #explain(entity: EntityState, id: string): Promise<Explanation> {
    const explained = await explainKey(this.#context, entity, id);
    return explainLocal(this.#context, entity, explained, (local, entry) => this.#servesLocally(entity, local, entry));
  }

  async #changeVersion(entityName: string, how: 'bump' | 'undo'): Promise<BumpReceipt> {
    const entity = this.#entityOrThrow(entityName);
    if (entity.codePolicy.strategy === 'none') throw new ConfigurationError(`entity "${entityName}" is never cached: it has no version`);
    const changed = await changeVersion(this.#context, this.#versions, entity, how);
    // Before anybody is told, and whatever Redis said.
    entity.local?.clear();
    if (!changed.ok) {
      if ('reason' in changed) throw new NothingToUndo(`no bump of "${entityName}" is left to undo`);
      if (how === 'bump') this.#deferred.addBump(entity);
      throw notAcknowledged(changed.error);
    }
    const { rev, ns, prev } = changed.record;
    this.#bus.emit({ type: how === 'bump' ? 'bumped' : 'bump.undone', entity: entity.name, rev, previous: prev });
    const receipt = { version: showVersion(ns), previous: prev === null ? null : showVersion(prev), rev };
    try {
      return { ...receipt, ...(await this.#link.announce({ t: 'bump', entity: entity.name, rev })) };
    } catch {
      // Every read asks for the record itself, so the bump is in force whoever has heard of it.
      return { ...receipt, ackedBy: [], pending: [] };
    }
  }

  onEvent(listener: (event: CacheEvent) => void): () => void {
    return this.#bus.onEvent(listener);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #start(): Promise<void> {
    const { read, write, lease } = this.#context;
    const connected = await Promise.all([read, write, lease].map((guarded) => awaitConnection(guarded, CONNECT_WAIT_MS)));
    await this.#link.start();
    if (connected.includes(false)) return;
    await checkRecords(this.#context, this.#versions, read, this.#cached());
    await Promise.all(this.#cached().flatMap((entity) => (entity.codec.usesSets ? [this.#structures.load(entity)] : [])));
  }

  /** Rule 12: Redis is another server now, and may not know what the last one acknowledged at its end. */
  async #changeServer(): Promise<void> {
    const found = await checkRecords(this.#context, this.#versions, this.#context.write, this.#cached());
    for (const { entity, id } of this.#acknowledged.take()) {
      // Nothing from before a new version can be read.
      if (found.get(entity) !== 'repaired') this.#deferred.add(entity, id);
    }
    await this.#deferred.replay();
  }

  #cached(): EntityState[] {
    return [...this.#entities.values()].filter((entity) => entity.codePolicy.strategy !== 'none');
  }

  async #close(): Promise<void> {
    this.#local?.close();
    // Never started, or started wrong: there is still a registry to leave and there are sockets to end.
    await this.#starting?.catch(() => {});
    await this.#gates.close();
    await this.#fills.drain();
    this.#deferred.close();
    await this.#link.close();
    this.#wakeUps.close();
    this.#hub.close();
    this.#faults.close();
    const { read, write, lease } = this.#context;
    for (const guarded of [read, write, lease]) guarded.close();
    this.#context.lag.close();
    this.#control.disconnect();
  }

  #openLink(ref: KeySpaceRef, instance: string, options: ResolvedCacheOptions, clock: Clock): ControlLink {
    const entities = this.#entities;
    return openControlLink(
      {
        ref,
        instance,
        allowFaults: options.allowFaults,
        startedAt: clock.nowMs(),
        describeEntities: () => describeEntities(entities),
        applyPolicies: (document) => {
          applyPolicies(entities, document);
          this.#bus.emit({ type: 'policies.applied', rev: document.rev });
        },
        versionSeen: (name, rev) => entities.get(name)?.seeRev(Number(rev)),
        takeFrame: (atMs, durationMs) => this.#takeFrame(atMs, durationMs),
        explain: async (name, id) => {
          const entity = entities.get(name);
          return entity === undefined ? { kind: 'unknown entity' } : { kind: 'known', ...(await this.#explain(entity, id)) };
        },
        emit: (event) => this.#bus.emit(event),
      },
      { control: this.#control, faults: this.#faults, clock },
    );
  }

  #takeFrame(atMs: number, durationMs: number): Frame {
    const { instance, read, write, lease } = this.#context;
    const breakers = { read: read.breaker.state, write: write.breaker.state, lease: lease.breaker.state };
    return takeFrame(
      instance,
      this.#entities.values(),
      { fills: this.#fills.takeLag(), breakers, ...this.#context.top.take() },
      atMs,
      durationMs,
    );
  }

  async #invalidate(entity: EntityState, id: string, mode: InvalidationMode): Promise<Invalidated> {
    const invalidated = await invalidateKey(this.#context, this.#versions, entity, id, { mode });
    // Before anybody is told, and whatever Redis said.
    entity.local?.drop(id);
    entity.failures.forget(id);
    if (invalidated.ok) {
      this.#acknowledged.add(entity, id);
      entity.metrics.counts.invalidations += 1;
      this.#bus.emit({ type: 'invalidated', entity: entity.name, id, mode, ...invalidated.receipt });
    }
    return invalidated;
  }

  /** Rule 13. The fastest path of all: one look at the clock, and nothing is made. */
  #served(entityName: string, id: string): Promise<unknown> | null {
    const entity = this.#entities.get(entityName);
    if (entity === undefined || entity.local === null) return null;
    const entry = entity.local.entries.get(id);
    if (entry === undefined || !this.#servesLocally(entity, entity.local, entry)) return null;
    entity.metrics.l1Hits += 1;
    if (this.#context.top.localHit(entityName, id)) this.#local?.tellOfHit(entity, id);
    if (this.#bus.active) this.#bus.emit({ type: 'read', entity: entityName, id, outcome: 'hit', tier: 'l1', durationUs: 0 });
    return entry.promise;
  }

  #servedAs({ strict = false, skipCache = false }: ReadOptions, entityName: string, id: string): Promise<unknown> | null {
    return strict || skipCache ? null : this.#served(entityName, id);
  }

  /** A record that was heard of and not read yet is not the one that entries were read under. */
  #servesLocally(entity: EntityState, local: LocalEntries, entry: LocalEntry): boolean {
    const nowMs = this.#context.clock.monotonicMs();
    return nowMs < entry.untilMs && nowMs < local.legality.untilMs && local.rev === entity.highestRev;
  }

  #openLocal(options: LocalTierOptions, openSubscriber: () => Redis): LocalTier | null {
    const entities = this.#cached().filter((entity) => entity.codePolicy.l1);
    if (entities.length === 0) return null;
    const { read, clock, deadlineMs, random } = this.#context;
    return new LocalTier(entities, options, {
      read,
      subscriber: openSubscriber(),
      clock,
      deadlineMs,
      random,
      redisNow: () => this.#context.redisNow(),
      touch: (keys) => askRedis(this.#context, this.#context.lease, [{ name: 'TOUCH', args: keys }]),
      onUntold: (reason) => this.#bus.emit({ type: 'l1.untold', reason }),
      onState: (serving, reason) => this.#bus.emit({ type: serving ? 'l1.serving' : 'l1.suspended', reason }),
    });
  }

  #entity(name: string): EntityState | Error {
    if (this.#closing !== null) return new CacheClosed();
    return this.#entities.get(name) ?? new ConfigurationError(`entity "${name}" has no policy`, ['policies']);
  }

  #entityOrThrow(name: string): EntityState {
    const entity = this.#entity(name);
    if (entity instanceof Error) throw entity;
    return entity;
  }
}

function notAcknowledged(cause: Error): InvalidationNotAcknowledged {
  return new InvalidationNotAcknowledged(`Redis did not acknowledge the invalidation (${describeError(cause)})`, { cause: causeOf(cause) });
}

function isWriter<T>(value: T | (() => Promise<T>)): value is () => Promise<T> {
  return typeof value === 'function';
}

/** What stands under an entity's key was made by that entity's loaders: the caller states their type, as it does for its loader. */
function trustLoaded<T>(value: unknown): T {
  return value as T;
}

/** As `trustLoaded`, of a read under way. */
function trustPromise<T>(read: Promise<unknown>): Promise<T> {
  return read as Promise<T>;
}

/** The `previous` that it is given was made by the same entity's loaders. */
function trustLoader<T>(load: Loader<T>): Loader<unknown> {
  return load as Loader<unknown>;
}

/** The types that its policies declare are those of what its loaders return: nothing else gets in. */
function byDeclaration<Entity extends string>(cache: object): Cache<Entity> {
  return cache as Cache<Entity>;
}
