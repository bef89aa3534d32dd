import { EntityPromises } from './entity-promises.ts';
import { EventHeap } from './event-heap.ts';
import { type HistoryEvent, type ReadEvent, type Stamp, timeOf, type WriteEvent } from './history-event.ts';
import { Steps } from './steps.ts';
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
 */
export interface HistoryCheckerOptions {
  /** False for a number that the origin had not given out for that key by now. */
  readonly isIssued: (key: string, seq: number) => boolean;
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
  /** Too old by the time they were looked at. */
  unchecked = 0;
  /** Came after the events of their time had been looked at: what they promise holds from then on only. */
  late = 0;
  readonly #options: HistoryCheckerOptions;
  readonly #waiting = new EventHeap<HistoryEvent>();
  readonly #keys = new Map<string, KeyPromises>();
  readonly #entities = new Map<string, EntityPromises>();
  /** When plain sets ended, by the id of their value; those of the last two spans of `RETAIN_US`. */
  #setEnds = new Map<string, number>();
  #olderSetEnds = new Map<string, number>();
  #turnSetsAtUs = NONE;
  #silentSinceUs: number | null = null;
  #seen = 0;
  #nowUs = NONE;
  #watermarkUs = NONE;
  #horizonUs = NONE;

  constructor(options: HistoryCheckerOptions) {
    this.#options = options;
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
      case 'silence-begun':
        this.#silentSinceUs = event.atUs;
        break;
      case 'silence-ended':
        this.#silentSinceUs = null;
        break;
    }
  }

  #written(event: WriteEvent): void {
    if (event.kind === 'set' && event.valueId !== null) this.#rememberSet(event.valueId, event.endUs);
    if (!event.acked) return;
    this.#acknowledged(event, event.startUs);
    const key = this.#key(event.key);
    if (event.kind === 'soften') key.soft.push(event.endUs, Math.max(key.soft.last ?? NONE, event.sinceUs));
    else key.hard.push(event.endUs, withBarrier(key.hard.last, { sinceUs: event.sinceUs, valueId: event.valueId }));
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
    const latestUs = this.#latest(stamp);
    const hardUs = Math.max(barrierFor(key.hard.before(event.startUs), stamp.id), entity.barrier(event.startUs));
    if (latestUs < hardUs) this.#violated('stale-after-ack', event, hardUs);
    const softUs = event.called === 'fresh' ? (key.soft.before(event.startUs) ?? NONE) : NONE;
    if (latestUs < softUs) this.#violated('soft-called-fresh', event, softUs);

    if (key.epoch !== entity.epoch) {
      key.epoch = entity.epoch;
      key.seen.clear();
    }
    const seenUs = key.seen.before(event.startUs) ?? NONE;
    if (latestUs < seenUs) this.#violated('went-back', event, seenUs);
    if (event.via === 'getOrSet' || event.startUs < entity.trustedFromUs || stamp.sinceUs <= (key.seen.last ?? NONE)) return;
    key.seen.push(event.endUs, stamp.sinceUs);
  }

  #latest(stamp: Stamp): number {
    if (stamp.by !== 'set') return stamp.sinceUs;
    const ended = this.#setEnds.get(stamp.id) ?? this.#olderSetEnds.get(stamp.id);
    if (ended !== undefined) return ended;
    return stamp.sinceUs + SET_US_MAX;
  }

  #rememberSet(id: string, endUs: number): void {
    if (endUs > this.#turnSetsAtUs) {
      this.#turnSetsAtUs = endUs + RETAIN_US;
      this.#olderSetEnds = this.#setEnds;
      this.#setEnds = new Map();
    }
    this.#setEnds.set(id, endUs);
  }

  #violated(what: ViolationClass, event: HistoryEvent, barrierUs: number | null): void {
    this.counts[what] += 1;
    const violation: Violation = { class: what, event, barrierUs };
    if (this.violations.length < VIOLATIONS_KEPT) this.violations.push(violation);
    this.#options.onViolation?.(violation);
  }

  #prune(): void {
    this.#horizonUs = this.#nowUs - RETAIN_US;
    for (const key of this.#keys.values()) {
      key.hard.prune(this.#horizonUs);
      key.soft.prune(this.#horizonUs);
      key.seen.prune(this.#horizonUs);
    }
    for (const entity of this.#entities.values()) entity.prune(this.#horizonUs);
  }

  #key(name: string): KeyPromises {
    let key = this.#keys.get(name);
    if (key === undefined) {
      key = { hard: new Steps(), soft: new Steps(), seen: new Steps(), epoch: 0 };
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

interface KeyPromises {
  readonly hard: Steps<Barriers>;
  readonly soft: Steps<number>;
  /** The newest load that a read of the cache alone has shown. */
  readonly seen: Steps<number>;
  epoch: number;
}

interface Barrier {
  readonly sinceUs: number;
  /** The value that the write itself left, which it does not forbid. */
  readonly valueId: string | null;
}
/** The two newest of different values: a value is held to the newest that is not its own. */
interface Barriers {
  readonly first: Barrier;
  readonly second: Barrier | null;
}

function withBarrier(barriers: Barriers | undefined, added: Barrier): Barriers {
  if (barriers === undefined) return { first: added, second: null };
  const { first, second } = barriers;
  if (added.sinceUs >= first.sinceUs) return { first: added, second: first };
  return second === null || added.sinceUs > second.sinceUs ? { first, second: added } : barriers;
}

function barrierFor(barriers: Barriers | undefined, valueId: string): number {
  if (barriers === undefined) return NONE;
  if (barriers.first.valueId !== valueId) return barriers.first.sinceUs;
  return barriers.second?.sinceUs ?? NONE;
}

function noViolations(): Record<ViolationClass, number> {
  return Object.fromEntries(VIOLATION_CLASSES.map((name) => [name, 0])) as Record<ViolationClass, number>;
}
