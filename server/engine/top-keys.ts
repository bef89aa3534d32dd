import { escapeId } from './keys.ts';
import { TOP_ID_LENGTH_MAX } from './wire/frame.ts';

/** One key of a top list. `count`: at most that often or that large; for what displaced another it includes what that had. */
export interface TopKey {
  readonly entity: string;
  /** At most `TOP_ID_LENGTH_MAX` characters of it. */
  readonly id: string;
  /** Where `id` is so long: as it stands in its key, by which the entry is found. */
  readonly standing?: string;
  readonly count: number;
}

interface Counter {
  readonly entity: string;
  readonly id: string;
  count: number;
}

/** Counters of one sketch: a key that makes up more than one in so many reads is never missed. */
const COUNTERS_MAX = 64;
/** A list names so many. */
const LISTED_MAX = 10;

/** The keys that are read most, in bounded room (Space-Saving: Metwally, Agrawal, El Abbadi, Efficient Computation of Frequent and Top-k Elements in Data Streams, ICDT 2005). */
export class HotKeys {
  readonly #byEntity = new Map<string, Map<string, Counter>>();
  #counters: Counter[] = [];

  add(entity: string, id: string, reads: number): void {
    const known = this.#byEntity.get(entity)?.get(id);
    if (known !== undefined) {
      known.count += reads;
      return;
    }
    const counter = { entity, id, count: reads };
    if (this.#counters.length < COUNTERS_MAX) this.#counters.push(counter);
    else this.#displaceLeast(counter);
    let ids = this.#byEntity.get(entity);
    if (ids === undefined) {
      ids = new Map();
      this.#byEntity.set(entity, ids);
    }
    ids.set(id, counter);
  }

  #displaceLeast(counter: Counter): void {
    const at = placeOfLeast(this.#counters);
    const least = this.#counters[at];
    if (least === undefined) return;
    this.#byEntity.get(least.entity)?.delete(least.id);
    counter.count += least.count;
    this.#counters[at] = counter;
  }

  /** The most read since the last call. */
  take(): TopKey[] {
    const top = listed(this.#counters);
    this.#counters = [];
    this.#byEntity.clear();
    return top;
  }
}

/** The largest values written, each key once. */
export class BigKeys {
  #largest: Counter[] = [];

  add(entity: string, id: string, bytes: number): void {
    const known = this.#largest.find((one) => one.id === id && one.entity === entity);
    if (known !== undefined) {
      known.count = Math.max(known.count, bytes);
      return;
    }
    const place = this.#largest.length < LISTED_MAX ? this.#largest.length : placeOfLeast(this.#largest);
    const least = this.#largest[place];
    if (least !== undefined && least.count >= bytes) return;
    this.#largest[place] = { entity, id, count: bytes };
  }

  /** The largest since the last call. */
  take(): TopKey[] {
    const top = listed(this.#largest);
    this.#largest = [];
    return top;
  }
}

/** Picks about one of so many events, at random gaps, so that no rhythm of the callers hides a key from it. */
export class Sampler {
  readonly every: number;
  readonly #random: () => number;
  #left = 1;

  constructor(every: number, random: () => number) {
    this.every = every;
    this.#random = random;
  }

  /** How many events this one stands for; 0 for one that is not picked. */
  pick(): number {
    this.#left -= 1;
    if (this.#left > 0) return 0;
    this.#left = this.gap();
    return this.every;
  }

  /** After how many events the next is picked. */
  gap(): number {
    return 1 + Math.floor(this.#random() * (2 * this.every - 1));
  }
}

/** Reads of which one is counted: by the batch, and by the process itself. */
const READS_PER_SAMPLE = 8;
const LOCAL_HITS_PER_SAMPLE = 64;

/** What one instance says of its hot and big keys. */
export class TopKeys {
  readonly #hot = new HotKeys();
  readonly #big = new BigKeys();
  readonly #reads: Sampler;
  readonly #localHits: Sampler;

  constructor(random: () => number) {
    this.#reads = new Sampler(READS_PER_SAMPLE, random);
    this.#localHits = new Sampler(LOCAL_HITS_PER_SAMPLE, random);
  }

  read(entity: string, id: string): void {
    const weight = this.#reads.pick();
    if (weight > 0) this.#hot.add(entity, id, weight);
  }

  /** A hit that was picked. Returns after how many the next one is: who calls counts them, since to ask for each takes as long as to look up the entry. */
  localHit(entity: string, id: string): number {
    this.#hot.add(entity, id, this.#localHits.every);
    return this.#localHits.gap();
  }

  written(entity: string, id: string, bytes: number): void {
    this.#big.add(entity, id, bytes);
  }

  take(): { hot: TopKey[]; big: TopKey[] } {
    return { hot: this.#hot.take(), big: this.#big.take() };
  }
}

function placeOfLeast(counters: readonly Counter[]): number {
  let place = 0;
  let count = Number.POSITIVE_INFINITY;
  for (let at = 0; at < counters.length; at += 1) {
    const one = counters[at];
    if (one === undefined || one.count >= count) continue;
    place = at;
    count = one.count;
  }
  return place;
}

function listed(counters: readonly Counter[]): TopKey[] {
  const most = counters.toSorted((one, other) => other.count - one.count).slice(0, LISTED_MAX);
  return most.map(({ entity, id, count }) => {
    if (id.length < TOP_ID_LENGTH_MAX) return { entity, id, count };
    // A cut between the two halves of a character leaves neither.
    return { entity, id: id.slice(0, TOP_ID_LENGTH_MAX).replace(/[\ud800-\udbff]$/, ''), standing: escapeId(id), count };
  });
}
