import type { Socket } from 'node:net';
import type { CacheEvent } from '../events.ts';
import type { ClientRole } from '../redis/connection.ts';
import type { Connector } from '../redis/open-client.ts';
import type { FaultDocument, FaultOrder } from '../wire/fault-order.ts';
import { type DelayedStream, delayStream } from './delayed-stream.ts';
import { faultConnector } from './fault-connector.ts';

/** No order lives longer, whatever its `endsAt` says. */
const orderMsMax = 15 * 60_000;
/** Ids remembered as ended, the oldest forgotten first. */
const endedIdsMax = 1_000;

/** The connections that serve the cache. What a console hears and says travels on the others, and is never faulted. */
const faultedRoles: ReadonlySet<ClientRole> = new Set<ClientRole>(['read', 'write', 'lease', 'subscriber']);

interface ActiveOrder {
  order: FaultOrder;
  timer: NodeJS.Timeout;
}

/**
 * The simulated failures of one instance, at its sockets. Each order carries an end and a timer here ends it, on the
 * monotonic clock, from the remainder in Redis time that was left when it was first seen; an id that has ended stays
 * ended. So nothing but this process is needed to end a fault: not the console, not Redis, not the wall clock.
 */
export class FaultSwitch {
  readonly #allow: boolean;
  readonly #emit: (event: CacheEvent) => void;
  readonly #active = new Map<string, ActiveOrder>();
  readonly #ended = new Set<string>();
  readonly #sockets = new Map<Socket, DelayedStream | null>();
  #rev: number | null = null;

  constructor(options: { allow: boolean; emit?: (event: CacheEvent) => void }) {
    this.#allow = options.allow;
    this.#emit = options.emit ?? (() => {});
  }

  /** Revision of the document that is in force; null before the first. */
  get rev(): number | null {
    return this.#rev;
  }

  active(): FaultOrder[] {
    return [...this.#active.values()].map((one) => one.order);
  }

  /** The client's Connector for a role; undefined where faults are never injected: not allowed, or the control connection. */
  connectorFor(role: ClientRole): Connector | undefined {
    if (!this.#allow || !faultedRoles.has(role)) return undefined;
    return faultConnector({
      refusal: () => (this.#isDown() ? refusedError() : null),
      opened: (socket) => this.#opened(socket),
    });
  }

  /**
   * Replaces the orders in force by the document's; an older document changes nothing. `redisNowMs` is Redis time now.
   * Returns whether the document is in force afterwards.
   */
  apply(document: FaultDocument, redisNowMs: number): boolean {
    if (!this.#allow || (this.#rev !== null && document.rev < this.#rev)) return false;
    this.#rev = document.rev;
    const wanted = new Set(document.faults.map((order) => order.id));
    const gone = [...this.#active.keys()].filter((id) => !wanted.has(id));
    let changed = gone.length > 0;
    for (const id of gone) this.#forget(id);
    for (const order of document.faults) {
      // An id names one order for ever: what comes again under it neither changes nor prolongs it.
      if (this.#active.has(order.id) || this.#ended.has(order.id)) continue;
      const leftMs = Math.min(order.endsAt - redisNowMs, orderMsMax);
      if (leftMs <= 0) {
        this.#remember(order.id);
        continue;
      }
      const timer = setTimeout(() => this.#endByItself(order.id), leftMs);
      timer.unref();
      this.#active.set(order.id, { order, timer });
      this.#emit({ type: 'fault.started', id: order.id, kind: order.kind });
      changed = true;
    }
    if (changed) this.#enforce();
    return true;
  }

  /** Ends all orders and refuses later ones. */
  close(): void {
    for (const id of [...this.#active.keys()]) this.#forget(id);
    this.#enforce();
    this.#rev = Number.MAX_SAFE_INTEGER;
  }

  #endByItself(id: string): void {
    this.#forget(id);
    this.#enforce();
  }

  #forget(id: string): void {
    const one = this.#active.get(id);
    if (one === undefined) return;
    clearTimeout(one.timer);
    this.#active.delete(id);
    this.#remember(id);
    this.#emit({ type: 'fault.ended', id, kind: one.order.kind });
  }

  #remember(id: string): void {
    this.#ended.add(id);
    const oldest = this.#ended.values().next();
    if (this.#ended.size > endedIdsMax && !oldest.done) this.#ended.delete(oldest.value);
  }

  #enforce(): void {
    if (this.#isDown()) for (const socket of [...this.#sockets.keys()]) socket.destroy(resetError());
    const latencyMs = this.#latencyMs();
    for (const [socket, delayed] of this.#sockets) this.#sockets.set(socket, withLatency(socket, delayed, latencyMs));
  }

  #opened(socket: Socket): void {
    const latencyMs = this.#latencyMs();
    this.#sockets.set(socket, withLatency(socket, null, latencyMs));
    socket.once('close', () => this.#sockets.delete(socket));
  }

  #isDown(): boolean {
    for (const { order } of this.#active.values()) if (order.kind === 'down') return true;
    return false;
  }

  /** Of several delays the longest counts. */
  #latencyMs(): number {
    let longest = 0;
    for (const { order } of this.#active.values()) if (order.kind === 'slow') longest = Math.max(longest, order.latencyMs);
    return longest;
  }
}

function withLatency(socket: Socket, delayed: DelayedStream | null, latencyMs: number): DelayedStream | null {
  if (latencyMs === 0) {
    delayed?.release();
    return null;
  }
  if (delayed === null) return delayStream(socket, latencyMs);
  delayed.setLatency(latencyMs);
  return delayed;
}

function refusedError(): Error {
  return Object.assign(new Error('connect ECONNREFUSED (simulated)'), { code: 'ECONNREFUSED', syscall: 'connect' });
}

function resetError(): Error {
  return Object.assign(new Error('read ECONNRESET (simulated)'), { code: 'ECONNRESET', syscall: 'read' });
}
