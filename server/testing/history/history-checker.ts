import { EntityPromises } from './entity-promises.ts';
import { EventHeap } from './event-heap.ts';
import { type HistoryEvent, type ReadEvent, type Stamp, timeOf, type WriteEvent } from './history-event.ts';
import { KeyPromises } from './key-promises.ts';
import { RecentTimes } from './recent-times.ts';
import { VIOLATION_CLASSES, type Violation, type ViolationClass } from './violation.ts';

/**
 * Holds a history against the promise, as it comes in. Events may come in any order; `advance` says up to which time all
 * are there, and those are then looked at in the order of their time. Each change of what a key promises is a step in time,
 * and each read looks its own up by bisection: O(n log n) in all. What is older than `RETAIN_US` is forgotten, so memory
 * depends on the rate of events and not on their number; a read that lasts longer than that is counted as unchecked.
 *
 * When a load began is known from its value. A plain `set` counts as a load begun at some moment between its call and its
 * end, as nobody outside can see when its write token was taken: it is held to the earliest as a promise, to the latest as a value.
 *
 * That what was once read from the cache is never followed by something older needs no writer: tokens exclude one another,
 * so of two entries of a key the later began its load later. Values that `getOrSet` brings may be of a load without a
 * lease, which the cache never holds; so they bind nobody, and are bound.
 *
 * What a process answered by itself is held to what others had changed or shown when the bound before its call began, and
 * at once to the changes of that process and to what it had answered by itself before.
 */
export interface HistoryCheckerOptions {
  /** False for a number that the origin had not given out for that key by now. */
  readonly isIssued: (key: string, seq: number) => boolean;
  /** How long a process may go on with what it keeps for itself, once somebody else has changed it. Default 0. */
  readonly boundUs?: number;
  readonly onViolation?: (violation: Violation) => void;
}

/** Longer than any operation lasts. */
export const RETAIN_US = 30_000_000;
/** A plain `set` of which nothing is known any more had ended by then. */
export const SET_US_MAX = 10_000_000;
const PRUNE_EVERY = 65_536;
const VIOLATIONS_KEPT = 100;
const NONE = Number.NEGATIVE_INFINITY;

export class HistoryChecker {
  readonly violations: Violation[] = [];
  readonly counts: Record<ViolationClass, number> = noViolations();
  /** Reads that were held against the promise. */
  checked = 0;
  /** Those of them that a process answered by itself. */
  checkedLocal = 0;
  /** Too old by the time they were looked at. */
  unchecked = 0;
  /** Came after the events of their time had been looked at: what they promise holds from then on only. */
  late = 0;
  readonly #options: HistoryCheckerOptions;
  readonly #waiting = new EventHeap<HistoryEvent>();
  readonly #boundUs: number;
  readonly #keys = new Map<string, KeyState>();
  readonly #entities = new Map<string, EntityPromises>();
  /** When plain sets ended, by the id of their value. */
  readonly #setEnds = new RecentTimes(RETAIN_US);
  /** When values were taken out by hand. */
  readonly #removed = new RecentTimes(RETAIN_US);
  #silentSinceUs: number | null = null;
  #seen = 0;
  #nowUs = NONE;
  #watermarkUs = NONE;
  #horizonUs = NONE;

  constructor(options: HistoryCheckerOptions) {
    this.#options = options;
    this.#boundUs = options.boundUs ?? 0;
  }

  add(event: HistoryEvent): void {
    if (timeOf(event) < this.#watermarkUs) this.late += 1;
    this.#waiting.push(timeOf(event), event);
  }

  /** All events up to this time have been added. */
  advance(watermarkUs: number): void {
    this.#watermarkUs = Math.max(this.#watermarkUs, watermarkUs);
    while (this.#waiting.firstAt <= watermarkUs) {
      const event = this.#waiting.pop();
      if (event !== undefined) this.#look(event);
    }
  }

  finish(): void {
    this.advance(Number.MAX_VALUE);
  }

  /** Events that wait for the rest of their time. */
  get waiting(): number {
    return this.#waiting.size;
  }

  #look(event: HistoryEvent): void {
    this.#nowUs = Math.max(this.#nowUs, timeOf(event));
    this.#seen += 1;
    if (this.#seen % PRUNE_EVERY === 0) this.#prune();
    switch (event.kind) {
      case 'read':
        this.#read(event);
        break;
      case 'invalidate':
      case 'soften':
      case 'set':
      case 'write':
        this.#written(event);
        break;
      case 'bump':
        if (event.acked) this.#acknowledged(event, event.startUs);
        this.#entity(event.entity).bumped(event);
        break;
      case 'undo-begun':
        this.#entity(event.entity).undoBegun(event);
        break;
      case 'undo-ended':
        if (event.outcome === 'acked') this.#acknowledged(event, event.startUs);
        this.#entity(event.entity).undoEnded(event);
        break;
      case 'removed':
        this.#removed.add(event.valueId, event.endUs);
        break;
      case 'silence-begun':
        this.#silentSinceUs = event.atUs;
        break;
      case 'silence-ended':
        this.#silentSinceUs = null;
        break;
    }
  }

  #written(event: WriteEvent): void {
    if (event.kind === 'set' && event.valueId !== null) this.#setEnds.add(event.valueId, event.endUs);
    if (!event.acked) return;
    this.#acknowledged(event, event.startUs);
    const key = this.#key(event.key);
    key.all.written(event);
    if (this.#boundUs > 0) ownOf(key, event.process).written(event);
  }

  #acknowledged(event: HistoryEvent, startUs: number): void {
    if (this.#silentSinceUs !== null && startUs > this.#silentSinceUs) this.#violated('acked-though-refused', event, null);
  }

  #read(event: ReadEvent): void {
    if (event.outcome !== 'value') return;
    const { stamp } = event;
    if (stamp === null) {
      this.#violated('unknown-value', event, null);
      return;
    }
    if (stamp.key !== event.key) {
      this.#violated('cross-key', event, null);
      return;
    }
    if (!this.#options.isIssued(stamp.key, stamp.seq)) {
      this.#violated('unknown-value', event, null);
      return;
    }
    if (event.startUs < this.#horizonUs) {
      this.unchecked += 1;
      return;
    }
    this.checked += 1;
    const key = this.#key(event.key);
    const entity = this.#entity(event.entity);
    if (key.epoch !== entity.epoch) {
      key.epoch = entity.epoch;
      for (const promises of [key.all, ...key.own.values()]) promises.forgetSeen();
    }
    const latestUs = this.#latest(stamp);
    const promised = (what: ViolationClass, barrierUs: number) => {
      if (latestUs < barrierUs) this.#violated(what, event, barrierUs);
    };
    const { startUs, endUs, tier, process } = event;
    const local = tier === 'l1';
    // Who answers by itself must have heard of what had happened by then.
    const heardUs = local ? startUs - this.#boundUs : startUs;
    const own = local ? ownOf(key, process) : null;
    const stale = local ? 'stale-beyond-bound' : 'stale-after-ack';
    promised(stale, Math.max(key.all.hard(heardUs, stamp.id), entity.barrier(heardUs)));
    if ((this.#removed.get(stamp.id) ?? Number.POSITIVE_INFINITY) < heardUs) this.#violated(stale, event, null);
    if (own !== null) promised('stale-after-own-ack', Math.max(own.hard(startUs, stamp.id), entity.barrier(startUs, process)));
    if (local || event.called === 'fresh') promised('soft-called-fresh', Math.max(key.all.soft(heardUs), own?.soft(startUs) ?? NONE));
    promised('went-back', Math.max(key.all.seen(heardUs), own?.seen(startUs) ?? NONE));

    if (local) this.checkedLocal += 1;
    // What a process keeps for itself came from the cache.
    if ((event.via === 'getOrSet' && !local) || heardUs < entity.trustedFromUs) return;
    key.all.saw(endUs, stamp.sinceUs);
    own?.saw(endUs, stamp.sinceUs);
  }

  #latest(stamp: Stamp): number {
    if (stamp.by !== 'set') return stamp.sinceUs;
    return this.#setEnds.get(stamp.id) ?? stamp.sinceUs + SET_US_MAX;
  }

  #violated(what: ViolationClass, event: HistoryEvent, barrierUs: number | null): void {
    this.counts[what] += 1;
    const violation: Violation = { class: what, event, barrierUs };
    if (this.violations.length < VIOLATIONS_KEPT) this.violations.push(violation);
    this.#options.onViolation?.(violation);
  }

  #prune(): void {
    this.#horizonUs = this.#nowUs - RETAIN_US;
    const horizonUs = this.#horizonUs - this.#boundUs;
    for (const key of this.#keys.values()) {
      key.all.prune(horizonUs);
      for (const [process, own] of key.own) {
        // What is older than the bound is promised by everybody's.
        if (own.lastAtUs < horizonUs) key.own.delete(process);
        else own.prune(horizonUs);
      }
    }
    for (const entity of this.#entities.values()) entity.prune(horizonUs);
  }

  #key(name: string): KeyState {
    let key = this.#keys.get(name);
    if (key === undefined) {
      key = { all: new KeyPromises(), own: new Map(), epoch: 0 };
      this.#keys.set(name, key);
    }
    return key;
  }

  #entity(name: string): EntityPromises {
    let entity = this.#entities.get(name);
    if (entity === undefined) {
      entity = new EntityPromises();
      this.#entities.set(name, entity);
    }
    return entity;
  }
}

interface KeyState {
  readonly all: KeyPromises;
  /** By the process: its own changes, and what it answered by itself. */
  readonly own: Map<string, KeyPromises>;
  /** Of the entity, at the last read. */
  epoch: number;
}

function ownOf({ own }: KeyState, process: string): KeyPromises {
  const known = own.get(process) ?? new KeyPromises();
  own.set(process, known);
  return known;
}

function noViolations(): Record<ViolationClass, number> {
  return Object.fromEntries(VIOLATION_CLASSES.map((name) => [name, 0])) as Record<ViolationClass, number>;
}
