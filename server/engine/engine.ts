import type { Redis } from 'ioredis';
import { applyPolicies, describeEntities } from './apply-policies.ts';
import { askRedis } from './ask-redis.ts';
import { awaitConnection } from './await-connection.ts';
import { Changes } from './changes.ts';
import { checkRecords } from './check-records.ts';
import { type Clock, systemClock } from './clock.ts';
import { StructureStore } from './codec/structure-store.ts';
import { type ControlLink, openControlLink } from './control/control-link.ts';
import type { EngineContext } from './engine-context.ts';
import { EntityState } from './entity-state.ts';
import { CacheClosed, describeError } from './errors.ts';
import { createEventBus, type EventBus } from './events.ts';
import { type Explanation, explainKey, failingAgain } from './explain-key.ts';
import { FaultSwitch } from './fault/fault-switch.ts';
import { FillQueue } from './fill-queue.ts';
import { ForeseenLeases } from './foreseen-leases.ts';
import { createInstanceId, tokenSource } from './instance-id.ts';
import { inboxChannel, inboxPrefix } from './keys.ts';
import { explainLocal } from './l1/explain-local.ts';
import { LocalTier, type LocalTierOptions } from './l1/local-tier.ts';
import { LeaseGates } from './lease-gates.ts';
import { LoadTable } from './load-table.ts';
import { LoopLag } from './loop-lag.ts';
import { takeFrame } from './metrics.ts';
import { openEngineClients } from './open-engine-clients.ts';
import { OriginBulkhead } from './origin-bulkhead.ts';
import { Outage } from './outage.ts';
import type { ResolvedCacheOptions } from './parse-cache-options.ts';
import { ReadBatcher } from './read-batcher.ts';
import { Deadlines } from './redis/deadlines.ts';
import { createSubscriberHub, type SubscriberHub } from './redis/subscriber-hub.ts';
import { RetryBudget } from './retry-budget.ts';
import { TopKeys } from './top-keys.ts';
import { Versions } from './versions.ts';
import { WakeUps } from './wake-ups.ts';
import type { Frame } from './wire/frame.ts';

/** `ready` gives up waiting for a connection after this; reads answer from the origin until it stands. */
const CONNECT_WAIT_MS = 1_000;

/** What a test may put in place of the machine's own. */
export interface CacheParts {
  clock?: Clock;
  /** From 0 to 1. */
  random?: () => number;
}

/** The parts of one cache: put together, started, shown to the console, and ended in their order. */
export class Engine {
  readonly bus: EventBus = createEventBus();
  readonly entities: ReadonlyMap<string, EntityState>;
  readonly context: EngineContext;
  readonly batcher: ReadBatcher;
  readonly changes: Changes;
  /** Null where nothing is kept in the process. */
  readonly local: LocalTier | null;
  readonly #versions: Versions;
  readonly #structures: StructureStore;
  readonly #fills: FillQueue;
  readonly #gates: LeaseGates;
  readonly #wakeUps: WakeUps;
  readonly #hub: SubscriberHub;
  readonly #control: Redis;
  readonly #link: ControlLink;
  #starting: Promise<void> | null = null;
  #closing: Promise<void> | null = null;

  /** Connects at once. */
  constructor(options: ResolvedCacheOptions, parts: CacheParts) {
    const { ref, connection, deadlineMs } = options;
    const { clock = systemClock, random = Math.random } = parts;
    const { bus } = this;
    const instance = createInstanceId();
    const faults = new FaultSwitch({ allow: options.allowFaults, instance, random, emit: (event) => bus.emit(event) });
    const { read, write, lease, control, openSubscriber } = openEngineClients({
      connection,
      deadlineMs,
      clock,
      random,
      faults,
      bus,
      outage: new Outage(bus, clock),
      isClosing: () => this.closing,
      onAnotherServer: () => {
        this.changes
          .repeatForAnotherServer(this.#cached())
          .catch((error: unknown) => bus.emit({ type: 'control.rejected', what: 'server', reason: describeError(error) }));
      },
    });
    this.#control = control;
    this.#hub = createSubscriberHub(openSubscriber(), clock, (error) => bus.emit({ type: 'listener.failed', error }));
    this.entities = new Map([...options.policies].map(([name, policy]) => [name, new EntityState(ref, name, policy)]));
    this.context = {
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
      faults,
      redisNow: () => this.#link.redisNow(),
      nextToken: tokenSource(instance),
    };
    this.#link = this.#openLink(options.allowFaults);
    this.#versions = new Versions(this.context);
    this.#fills = new FillQueue(this.context);
    this.#wakeUps = new WakeUps(this.#hub, inboxChannel(ref, instance));
    this.#structures = new StructureStore(this.context);
    this.local = options.l1 === null ? null : this.#openLocal(options.l1, openSubscriber);
    const loads = new LoadTable(this.context, { fills: this.#fills, structures: this.#structures });
    const foreseen = new ForeseenLeases(this.context);
    this.#gates = new LeaseGates(this.context, loads, {
      foreseen,
      versions: this.#versions,
      wakeUps: this.#wakeUps,
      structures: this.#structures,
    });
    this.batcher = new ReadBatcher(this.context, {
      foreseen,
      loads,
      gates: this.#gates,
      versions: this.#versions,
      structures: this.#structures,
      local: this.local,
    });
    this.changes = new Changes(this.context, { versions: this.#versions, structures: this.#structures, link: this.#link });
  }

  get closing(): boolean {
    return this.#closing !== null;
  }

  ready(): Promise<void> {
    if (this.closing) return Promise.reject(new CacheClosed());
    this.#starting ??= this.#start();
    return this.#starting;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async explain(entity: EntityState, id: string): Promise<Explanation> {
    const { context } = this;
    return failingAgain(context, entity, explainLocal(context, entity, await explainKey(context, entity, id)));
  }

  async #start(): Promise<void> {
    const { read, write, lease } = this.context;
    const connected = await Promise.all([read, write, lease].map((guarded) => awaitConnection(guarded, CONNECT_WAIT_MS)));
    await this.#link.start();
    if (connected.includes(false)) return;
    await checkRecords(this.context, this.#versions, read, this.#cached());
    await Promise.all(this.#cached().flatMap((entity) => (entity.codec.usesSets ? [this.#structures.load(entity)] : [])));
  }

  async #close(): Promise<void> {
    this.local?.close();
    // Never started, or started wrong, which `ready` has told: there is still a registry to leave and there are sockets to end.
    await this.#starting?.catch(() => {});
    await this.#gates.close();
    await this.#fills.drain();
    this.changes.close();
    await this.#link.close();
    this.#wakeUps.close();
    this.#hub.close();
    const { read, write, lease, faults, lag } = this.context;
    faults.close();
    for (const guarded of [read, write, lease]) guarded.close();
    lag.close();
    this.#control.disconnect();
  }

  #cached(): EntityState[] {
    return [...this.entities.values()].filter((entity) => entity.codePolicy.strategy !== 'none');
  }

  /** What the console sees of this cache, and may order. */
  #openLink(allowFaults: boolean): ControlLink {
    const { entities, bus } = this;
    const { ref, instance, clock, faults } = this.context;
    return openControlLink(
      {
        ref,
        instance,
        allowFaults,
        startedAt: clock.nowMs(),
        describeEntities: () => describeEntities(entities),
        applyPolicies: (document) => {
          applyPolicies(entities, document);
          bus.emit({ type: 'policies.applied', rev: document.rev });
        },
        versionSeen: (name, rev) => entities.get(name)?.seeRev(Number(rev)),
        takeFrame: (atMs, durationMs) => this.#takeFrame(atMs, durationMs),
        explain: async (name, id) => {
          const entity = entities.get(name);
          return entity === undefined ? { kind: 'unknown entity' } : { kind: 'known', ...(await this.explain(entity, id)) };
        },
        emit: (event) => bus.emit(event),
      },
      { control: this.#control, faults, clock },
    );
  }

  #takeFrame(atMs: number, durationMs: number): Frame {
    const { instance, read, write, lease, top } = this.context;
    const breakers = { read: read.breaker.state, write: write.breaker.state, lease: lease.breaker.state };
    return takeFrame(instance, this.entities.values(), { fills: this.#fills.takeLag(), breakers, ...top.take() }, atMs, durationMs);
  }

  #openLocal(options: LocalTierOptions, openSubscriber: () => Redis): LocalTier | null {
    const entities = this.#cached().filter((entity) => entity.codePolicy.l1);
    if (entities.length === 0) return null;
    const { context, bus } = this;
    return new LocalTier(entities, options, {
      read: context.read,
      subscriber: openSubscriber(),
      clock: context.clock,
      deadlineMs: context.deadlineMs,
      random: context.random,
      redisNow: () => context.redisNow(),
      touch: (keys) => askRedis(context, context.lease, [{ name: 'TOUCH', args: keys }]),
      onUntold: (reason) => bus.emit({ type: 'l1.untold', reason }),
      onState: (serving, reason) => bus.emit({ type: serving ? 'l1.serving' : 'l1.suspended', reason }),
    });
  }
}
