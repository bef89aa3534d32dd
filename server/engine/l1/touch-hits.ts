import type { Answer } from '../ask-redis.ts';
import type { Clock } from '../clock.ts';
import { describeError } from '../errors.ts';
import { type CacheKeyPrefix, dataKeyOf, escapeId } from '../keys.ts';

/**
 * Redis sees nothing of the hits in this process: where it evicts what was used least lately, or least often, the hottest keys
 * would go first, and with each of them its values in every process. So it is told of some hits, with TOUCH: to Redis a read,
 * of both kinds of policy, that carries no value. Off every request's path, and not on the connection that reads: Redis tracks
 * what is touched as it does what is read, so it would remember keys again for this process that this process has dropped.
 */

const EVERY_MS = 1_000;
/** Keys told of at once: those that were hit first since the last time. Redis takes 43 us for them. */
const KEYS_MAX = 256;
/** Hits that are looked at for them: with few keys, and many hits, a key would be made for each. */
const HITS_MAX = 4 * KEYS_MAX;

export interface TouchHitsParts {
  readonly clock: Clock;
  /** Whether values of this process are served now. */
  isServing(): boolean;
  /** Sends one TOUCH. Never rejects. */
  touch(keys: string[]): Promise<Answer>;
  /** Redis refuses, which it has not done the last time. `reason` is one safe line. */
  onRefused(reason: string): void;
}

export class TouchHits {
  readonly #parts: TouchHitsParts;
  readonly #keys = new Set<string>();
  #hits = 0;
  #scheduled = false;
  #refused = false;
  #cancel: () => void = () => {};

  constructor(parts: TouchHitsParts) {
    this.#parts = parts;
  }

  /** A hit of this id, under the prefix of its data key. */
  add(prefix: CacheKeyPrefix, id: string): void {
    if (this.#keys.size >= KEYS_MAX || this.#hits >= HITS_MAX) return;
    this.#hits += 1;
    this.#keys.add(dataKeyOf(prefix, escapeId(id)));
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#cancel = this.#parts.clock.after(EVERY_MS, () => this.#tell());
  }

  /** There are no more hits by then. */
  close(): void {
    this.#cancel();
  }

  #tell(): void {
    const keys = [...this.#keys];
    this.#keys.clear();
    this.#hits = 0;
    this.#scheduled = false;
    if (!this.#parts.isServing()) return;
    this.#parts.touch(keys).then(
      (answer) => this.#heard(answer),
      () => {
        // `touch` never rejects.
      },
    );
  }

  /** Without an answer these hits stay untold: an outage is told of by who waits for Redis. */
  #heard(answer: Answer): void {
    if (!answer.ok) return;
    const [reply] = answer.replies;
    const refused = reply instanceof Error;
    if (refused && !this.#refused) this.#parts.onRefused(`Redis refuses to be told of hits (${describeError(reply)})`);
    this.#refused = refused;
  }
}
