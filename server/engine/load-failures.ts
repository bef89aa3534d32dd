import { LRUCache } from 'lru-cache';
import type { Clock } from './clock.ts';

/** Keys of one entity whose last load failed; past it the longest untouched is forgotten, and may be loaded again at once. */
const FAILURES_MAX = 1_000;
/** Each failure in a row doubles the pause, up to this many times the first. */
const BACKOFF_MAX = 32;

interface Failure {
  readonly error: unknown;
  readonly untilMs: number;
  readonly inRow: number;
}

/** Errors of loads, given again for a while to whoever asks, where the policy says so: an origin that fails is not asked for each read. */
export class LoadFailures {
  /** Made at the first failure: it takes its room at once. */
  #failures: LRUCache<string, Failure> | null = null;

  note(id: string, error: unknown, pauseMs: number, clock: Clock, random: number): void {
    this.#failures ??= new LRUCache({ max: FAILURES_MAX });
    const inRow = (this.#failures.get(id)?.inRow ?? 0) + 1;
    const untilMs = clock.monotonicMs() + pauseMs * Math.min(BACKOFF_MAX, 2 ** (inRow - 1)) * (0.75 + 0.25 * random);
    this.#failures.set(id, { error, untilMs, inRow });
  }

  /** The error that still stands for the key; null if it may be loaded. */
  standing(id: string, clock: Clock): { error: unknown } | null {
    const failure = this.#failures?.get(id);
    return failure !== undefined && clock.monotonicMs() < failure.untilMs ? failure : null;
  }

  /** It was loaded, or has changed. */
  forget(id: string): void {
    this.#failures?.delete(id);
  }
}
