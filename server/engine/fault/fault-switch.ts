import type { Socket } from 'node:net';
import type { Loader } from '../cache.ts';
import type { CacheEvent } from '../events.ts';
import type { ClientRole } from '../redis/connection.ts';
import type { Connector } from '../redis/open-client.ts';
import { FAULT_MS_MAX, type FaultDocument, type FaultOrder, type FaultRole } from '../wire/fault-order.ts';
import { choosesInstance } from './chooses-instance.ts';
import { type Connecting, faultConnector } from './fault-connector.ts';
import { flipBit } from './flip-bit.ts';
import type { LaneShape } from './lane.ts';
import { errorReply, isRefused, type RefusedCommand } from './refused-commands.ts';
import { resetError, type SocketFaults, SocketTap } from './socket-tap.ts';
import { spoilLoad } from './spoil-load.ts';

/** Ids remembered as ended or refused, the oldest forgotten first. */
const ENDED_IDS_MAX = 1_000;

interface ActiveOrder {
  order: FaultOrder;
  timer: NodeJS.Timeout;
}

interface Connection {
  readonly role: FaultRole;
  readonly tap: SocketTap;
  /** Whether an order that strikes some connections strikes this one: drawn once. */
  readonly lots: Map<string, boolean>;
}

interface FaultSwitchOptions {
  /** The owner of the process lets a console inject failures. */
  allow: boolean;
  instance: string;
  /** From 0 to 1. */
  random?: () => number;
  emit?: (event: CacheEvent) => void;
}

/**
 * The simulated failures of one instance: at the sockets of its data connections, and above them. Each order carries an end
 * and a timer here ends it, on the monotonic clock, from the remainder in Redis time that was left when it was first seen;
 * an id that has ended stays ended. So nothing but this process is needed to end a fault: not the console, not Redis, not
 * the wall clock. What a console hears and says travels on connections that carry none.
 */
export class FaultSwitch {
  readonly #allow: boolean;
  readonly #instance: string;
  readonly #random: () => number;
  readonly #emit: (event: CacheEvent) => void;
  readonly #active = new Map<string, ActiveOrder>();
  readonly #ended = new Set<string>();
  readonly #connections = new Map<Socket, Connection>();
  /** Sockets that a black hole keeps from connecting. */
  readonly #stuck = new Map<Socket, FaultRole>();
  #rev: number | null = null;
  #spoilEntry: ((entry: Buffer) => Buffer | null) | null = null;
  #spoilLoad: ((load: Loader<unknown>) => Loader<unknown>) | null = null;
  #l1Off = false;

  constructor({ allow, instance, random = Math.random, emit = () => {} }: FaultSwitchOptions) {
    this.#allow = allow;
    this.#instance = instance;
    this.#random = random;
    this.#emit = emit;
  }

  /** Revision of the document that is in force; null before the first. */
  get rev(): number | null {
    return this.#rev;
  }

  active(): FaultOrder[] {
    return [...this.#active.values()].map((one) => one.order);
  }

  /** What a read sees of an entry that is there: the same bytes, others, or null for none. Null while nothing is simulated. */
  get spoilEntry(): ((entry: Buffer) => Buffer | null) | null {
    return this.#spoilEntry;
  }

  /** A loader behind a slow or failing origin; the same loader while nothing is simulated. */
  loader(load: Loader<unknown>): Loader<unknown> {
    return this.#spoilLoad === null ? load : this.#spoilLoad(load);
  }

  /** True while the in-process cache is to hold nothing. */
  get l1Off(): boolean {
    return this.#l1Off;
  }

  /** The client's Connector for a role; undefined where faults are never injected: not allowed, or not a connection that serves the cache. */
  connectorFor(role: ClientRole): Connector | undefined {
    if (!this.#allow || !carriesFaults(role)) return undefined;
    return faultConnector({
      connecting: () => this.#connecting(role),
      opened: (socket) => this.#opened(socket, role),
      stuck: (socket) => {
        this.#stuck.set(socket, role);
        socket.once('close', () => this.#stuck.delete(socket));
      },
    });
  }

  /**
   * Replaces the orders in force by the document's; an older document changes nothing. `redisNowMs` is Redis time now.
   * Returns whether the document is in force afterwards.
   */
  apply(document: Pick<FaultDocument, 'rev' | 'faults'>, redisNowMs: number): boolean {
    if (!this.#allow) {
      for (const order of document.faults) this.#turnDown(order);
      return false;
    }
    if (this.#rev !== null && document.rev < this.#rev) return false;
    this.#rev = document.rev;
    const wanted = new Set(document.faults.map((order) => order.id));
    const gone = [...this.#active.keys()].filter((id) => !wanted.has(id));
    let changed = gone.length > 0;
    for (const id of gone) this.#forget(id);
    for (const order of document.faults) if (this.#begin(order, redisNowMs)) changed = true;
    if (changed) this.#enforce();
    return true;
  }

  /** Ends all orders and refuses later ones. */
  close(): void {
    for (const id of [...this.#active.keys()]) this.#forget(id);
    this.#enforce();
    this.#rev = Number.MAX_SAFE_INTEGER;
  }

  /** An id names one order for ever: what comes again under it neither changes nor prolongs it. */
  #begin(order: FaultOrder, redisNowMs: number): boolean {
    if (this.#active.has(order.id) || this.#ended.has(order.id)) return false;
    const leftMs = Math.min(order.endsAt - redisNowMs, FAULT_MS_MAX);
    if (leftMs <= 0) {
      this.#remember(order.id);
      return false;
    }
    if (!choosesInstance(this.#instance, order.id, order.instancesPercent)) return false;
    const timer = setTimeout(() => {
      this.#forget(order.id);
      this.#enforce();
    }, leftMs);
    timer.unref();
    this.#active.set(order.id, { order, timer });
    this.#emit({ type: 'fault.started', id: order.id, kind: order.kind });
    return true;
  }

  #turnDown(order: FaultOrder): void {
    if (this.#ended.has(order.id)) return;
    this.#remember(order.id);
    this.#emit({ type: 'fault.refused', id: order.id, kind: order.kind });
  }

  #forget(id: string): void {
    const one = this.#active.get(id);
    if (one === undefined) return;
    clearTimeout(one.timer);
    this.#active.delete(id);
    for (const { lots } of this.#connections.values()) lots.delete(id);
    this.#remember(id);
    this.#emit({ type: 'fault.ended', id, kind: one.order.kind });
  }

  #remember(id: string): void {
    this.#ended.add(id);
    const oldest = this.#ended.values().next();
    if (this.#ended.size > ENDED_IDS_MAX && !oldest.done) this.#ended.delete(oldest.value);
  }

  #enforce(): void {
    const orders = this.active();
    for (const [socket, role] of this.#stuck) {
      // It asked for a connection that never came: with the black hole gone, or another failure there, it asks again.
      if (!orders.some((order) => swallowsConnects(order, role))) socket.destroy(resetError());
    }
    for (const [socket, connection] of this.#connections) this.#strike(socket, connection, orders);
    this.#spoilEntry = spoiler(orders, this.#random);
    const origin = orders.filter((order) => order.kind === 'slow-origin' || order.kind === 'failing-origin');
    this.#spoilLoad = origin.length === 0 ? null : (load) => spoilLoad(load, origin, this.#random);
    this.#l1Off = orders.some((order) => order.kind === 'l1-off');
  }

  #connecting(role: FaultRole): Connecting {
    for (const order of this.active()) {
      if (order.kind === 'refuse' && order.roles.includes(role) && this.#happens(order.probability)) {
        return { kind: 'refused', error: refusedError() };
      }
      if (swallowsConnects(order, role) && this.#happens(order.probability)) return { kind: 'stuck' };
    }
    return { kind: 'open' };
  }

  #opened(socket: Socket, role: FaultRole): void {
    const connection = { role, tap: new SocketTap(socket, this.#random), lots: new Map<string, boolean>() };
    this.#connections.set(socket, connection);
    socket.once('close', () => this.#connections.delete(socket));
    // What was drawn when it connected is not drawn again: it was let through.
    for (const order of this.active()) if (order.kind === 'refuse' || swallowsConnects(order, role)) connection.lots.set(order.id, false);
    connection.tap.apply(this.#faultsOf(connection, this.active()));
  }

  #strike(socket: Socket, connection: Connection, orders: readonly FaultOrder[]): void {
    const cut = orders.some(
      (order) => order.kind === 'refuse' && order.roles.includes(connection.role) && this.#isStruck(connection, order),
    );
    if (cut) socket.destroy(resetError());
    else connection.tap.apply(this.#faultsOf(connection, orders));
  }

  #faultsOf(connection: Connection, orders: readonly FaultOrder[]): SocketFaults {
    const own = orders.filter((order) => 'roles' in order && order.roles.some((role) => role === connection.role));
    const refusing = own.filter((order) => order.kind === 'error-reply');
    const resets = own.flatMap((order) => (order.kind === 'reset' ? [order.probability] : []));
    return {
      toRedis: this.#shapeOf('to-redis', own, connection),
      fromRedis: this.#shapeOf('from-redis', own, connection),
      resetShare: Math.max(0, ...resets),
      refuse: refusing.length === 0 ? null : refuser(refusing, this.#random),
    };
  }

  #shapeOf(direction: 'to-redis' | 'from-redis', orders: readonly FaultOrder[], connection: Connection): LaneShape {
    const delays: LaneShape['delays'][number][] = [];
    let bytesPerSecond: number | null = null;
    let swallows = false;
    for (const order of orders) {
      if (!('direction' in order) || (order.direction !== 'both' && order.direction !== direction)) continue;
      if (order.kind === 'latency') delays.push(order);
      else if (!this.#isStruck(connection, order)) continue;
      else if (order.kind === 'black-hole') swallows = true;
      else bytesPerSecond = Math.min(bytesPerSecond ?? Number.POSITIVE_INFINITY, order.bytesPerSecond);
    }
    return { delays, bytesPerSecond, sliceBytes: null, swallows };
  }

  #isStruck({ lots }: Connection, order: FaultOrder): boolean {
    const drawn = lots.get(order.id) ?? this.#happens(order.probability);
    lots.set(order.id, drawn);
    return drawn;
  }

  #happens(probability: number): boolean {
    return probability >= 1 || this.#random() < probability;
  }
}

function carriesFaults(role: ClientRole): role is FaultRole {
  return role === 'read' || role === 'write' || role === 'lease' || role === 'subscriber';
}

/** Nobody answers a connect whose packets are lost on the way there and back. */
function swallowsConnects(order: FaultOrder, role: FaultRole): boolean {
  return order.kind === 'black-hole' && order.direction === 'both' && order.roles.includes(role);
}

function refuser(orders: readonly Extract<FaultOrder, { kind: 'error-reply' }>[], random: () => number): RefusedCommand {
  return (command) => {
    const order = orders.find(({ error, probability }) => isRefused(error, command) && random() < probability);
    return order === undefined ? null : errorReply(order.error);
  };
}

function spoiler(orders: readonly FaultOrder[], random: () => number): ((entry: Buffer) => Buffer | null) | null {
  const spoiling = orders.filter((order) => order.kind === 'forced-miss' || order.kind === 'corrupt-payload');
  if (spoiling.length === 0) return null;
  return (entry) => {
    for (const { kind, probability } of spoiling) {
      if (random() < probability) return kind === 'forced-miss' ? null : flipBit(entry, random);
    }
    return entry;
  };
}

function refusedError(): Error {
  return Object.assign(new Error('connect ECONNREFUSED (simulated)'), { code: 'ECONNREFUSED', syscall: 'connect' });
}
