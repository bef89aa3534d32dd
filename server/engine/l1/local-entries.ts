import { LRUCache } from 'lru-cache';
import type { EnvelopeTimes } from '../envelope.ts';
import { freezeShared } from './freeze-shared.ts';

/** Counted for each entry besides its value: its key, its times, its places in the maps. */
const ENTRY_BYTES = 256;

/**
 * A value that this process holds. There may be many: its times stand in the entry itself, since the judgement that they come
 * from takes as much again.
 */
export class LocalEntry {
  readonly value: unknown;
  #promise: Promise<unknown> | null = null;
  /** It is served until then: the entry is fresh, and its early refresh is not due. Of the monotonic clock of this machine, so that a hit asks one clock. */
  readonly untilMs: number;
  readonly #createdMs: number;
  readonly #freshUntilMs: number;
  /** Redis ms since 1970, as in its envelope. */
  readonly expiresMs: number;
  readonly #loadCostMs: number;
  /** As counted against the bound. */
  readonly sizeBytes: number;

  constructor(value: unknown, untilMs: number, times: EnvelopeTimes, sizeBytes: number) {
    this.value = value;
    this.untilMs = untilMs;
    this.#createdMs = times.createdMs;
    this.#freshUntilMs = times.freshUntilMs;
    this.expiresMs = times.expiresMs;
    // Whole, which takes a third of the room: when the entry is to be refreshed is settled.
    this.#loadCostMs = Math.round(times.loadCostMs);
    this.sizeBytes = sizeBytes;
  }

  /** Of the value, made at the first hit and given to every caller: a promise for each is a fifth of what a hit costs. */
  get promise(): Promise<unknown> {
    this.#promise ??= Promise.resolve(this.value);
    return this.#promise;
  }

  get times(): EnvelopeTimes {
    return { createdMs: this.#createdMs, freshUntilMs: this.#freshUntilMs, expiresMs: this.expiresMs, loadCostMs: this.#loadCostMs };
  }
}

/** A place kept for the answer to a read that is on its way. Dead once an invalidation came first. */
export interface Reservation {
  alive: boolean;
  readers: number;
}

/** When values of this process may be served at all: rule 13. A time of the monotonic clock; it only moves on while the link is proven. */
export interface Legality {
  untilMs: number;
}

/** The entries of one entity in this process, with what takes them away. */
export class LocalEntries {
  readonly #pool: LocalPool;
  readonly legality: Legality;
  readonly #reserved = new Map<string, Reservation>();
  readonly entries: LRUCache<string, LocalEntry>;
  /** Of the version record that Redis watches for this instance; `NaN`, which equals no rev, while it watches none. */
  rev: number = Number.NaN;
  /** The read of the record that is on its way, to be watched from then on. */
  record: Reservation | null = null;

  constructor(pool: LocalPool, legality: Legality, bytesMax: number) {
    this.#pool = pool;
    this.legality = legality;
    // Bounded by bytes here and by items in the pool: `max` would take its room for every entity beforehand.
    this.entries = new LRUCache({
      maxSize: bytesMax,
      maxEntrySize: Math.max(1, Math.floor(bytesMax / 4)),
      dispose: (entry) => pool.left(entry),
    });
  }

  reserve(id: string): Reservation {
    let reservation = this.#reserved.get(id);
    if (reservation === undefined) {
      reservation = { alive: true, readers: 0 };
      this.#reserved.set(id, reservation);
    }
    reservation.readers += 1;
    return reservation;
  }

  /** The read has been answered, well or not. */
  release(id: string, reservation: Reservation): void {
    reservation.readers -= 1;
    if (reservation.readers === 0 && this.#reserved.get(id) === reservation) this.#reserved.delete(id);
  }

  /** The value is shared from now on, and frozen; false if it cannot be, or has no room. */
  store(id: string, value: unknown, payloadBytes: number, untilMs: number, times: EnvelopeTimes): boolean {
    if (!freezeShared(value)) return false;
    const sizeBytes = payloadBytes + ENTRY_BYTES;
    const entry = new LocalEntry(value, untilMs, times, sizeBytes);
    this.entries.set(id, entry, { size: sizeBytes });
    if (this.entries.peek(id) !== entry) return false;
    this.#pool.came(entry);
    return true;
  }

  /** Gone, and what is on its way to it will not be kept. */
  drop(id: string): void {
    this.entries.delete(id);
    this.#refuse(id);
  }

  /** Everything, the version too: until a read has brought the record again nothing is served. */
  clear(): void {
    this.rev = Number.NaN;
    if (this.record !== null) this.record.alive = false;
    this.record = null;
    for (const reservation of this.#reserved.values()) reservation.alive = false;
    this.#reserved.clear();
    this.entries.clear();
  }

  #refuse(id: string): void {
    const reservation = this.#reserved.get(id);
    if (reservation === undefined) return;
    reservation.alive = false;
    this.#reserved.delete(id);
  }
}

/** Holds the entries of all entities within one bound of items and one of bytes; the entity that takes most gives way first, its longest unused entry foremost. */
export class LocalPool {
  readonly #itemsMax: number;
  readonly #bytesMax: number;
  readonly #all: LocalEntries[] = [];
  #items = 0;
  #bytes = 0;

  constructor({ itemsMax, bytesMax }: { itemsMax: number; bytesMax: number }) {
    this.#itemsMax = itemsMax;
    this.#bytesMax = bytesMax;
  }

  add(legality: Legality): LocalEntries {
    const entries = new LocalEntries(this, legality, this.#bytesMax);
    this.#all.push(entries);
    return entries;
  }

  get size(): { items: number; bytes: number } {
    return { items: this.#items, bytes: this.#bytes };
  }

  clear(): void {
    for (const entries of this.#all) entries.clear();
  }

  came(entry: LocalEntry): void {
    this.#items += 1;
    this.#bytes += entry.sizeBytes;
    while (this.#items > this.#itemsMax || this.#bytes > this.#bytesMax) {
      const largest = this.#all.reduce((most, one) => (one.entries.calculatedSize > most.entries.calculatedSize ? one : most));
      // `left` is called for what gives way.
      if (largest.entries.pop() === undefined) return;
    }
  }

  left(entry: LocalEntry): void {
    this.#items -= 1;
    this.#bytes -= entry.sizeBytes;
  }
}
