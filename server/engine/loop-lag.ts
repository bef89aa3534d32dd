import { performance } from 'node:perf_hooks';
import type { Clock } from './clock.ts';

const TICK_MS = 20;
/** Less than this is no waiting: what was asked for was there already. */
const WAITED_MS_MIN = 1;

/**
 * What of a delay is this process' own: a reply that came while it was busy is late by its own fault. `blockedMs` is how long
 * its timers were late; the difference of two readings around a call is to be taken off. It knows nothing of the turn of the
 * event loop that runs now, in which an answer may have waited behind those that were read before it and behind what their
 * callers did, and of shorter turns it knows little. So no answer took longer than until this process had last looked for it
 * in vain (`answerMs`).
 */
export class LoopLag {
  readonly #clock: Clock;
  readonly #idleMs: () => number;
  #blockedMs = 0;
  #dueMs: number;
  #tickMs: number;
  #tickBeforeMs: number;
  #idleAtTickMs: number;
  #cancel: () => void = () => {};

  /** `idleMs`: how long the event loop has waited with nothing to do, ever. */
  constructor(clock: Clock, idleMs: () => number = () => performance.eventLoopUtilization().idle) {
    this.#clock = clock;
    this.#idleMs = idleMs;
    this.#tickMs = clock.monotonicMs();
    this.#tickBeforeMs = this.#tickMs;
    this.#idleAtTickMs = idleMs();
    this.#dueMs = this.#tickMs + TICK_MS;
    this.#schedule();
  }

  /** ms since the start, monotonic. */
  get blockedMs(): number {
    return this.#blockedMs;
  }

  /**
   * Of an answer that is read now to what was asked at `startedMs`: how long it was surely not there. Each tick is followed by
   * a look at all sockets, so whatever was there at a tick has been read by the next one; and while the loop waits, nothing is
   * there. It wakes for its tick: what it sleeps longer it was kept from waking.
   */
  answerMs(startedMs: number): number {
    const tookMs = this.#clock.monotonicMs() - startedMs;
    if (tookMs <= TICK_MS) return tookMs;
    const waitedMs = Math.min(TICK_MS, this.#idleMs() - this.#idleAtTickMs);
    const lookedMs = waitedMs < WAITED_MS_MIN ? this.#tickBeforeMs : this.#tickMs + waitedMs;
    return Math.max(0, lookedMs - startedMs);
  }

  close(): void {
    this.#cancel();
  }

  #schedule(): void {
    this.#cancel = this.#clock.after(TICK_MS, () => {
      const nowMs = this.#clock.monotonicMs();
      this.#blockedMs += Math.max(0, nowMs - this.#dueMs);
      this.#dueMs = nowMs + TICK_MS;
      this.#tickBeforeMs = this.#tickMs;
      this.#tickMs = nowMs;
      this.#idleAtTickMs = this.#idleMs();
      this.#schedule();
    });
  }
}
