import { performance } from 'node:perf_hooks';
import type { Clock } from './clock.ts';

const TICK_MS = 20;
/** Less than this is no waiting: what was asked for was there already. */
const WAITED_MS_MIN = 1;

/**
 * What of a delay is this process' own: a reply that came while it was busy is late by its own fault. How late the timers are
 * does not tell: in the turn of the event loop that runs now an answer may have waited behind those that were read before it
 * and behind what their callers did. So no answer took longer than until this process had last looked for it in vain.
 */
export class LoopLag {
  readonly #clock: Clock;
  readonly #idleMs: () => number;
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
    this.#schedule();
  }

  /**
   * Of what was asked at `startedMs`, and is read now or given up: how long the answer was surely not there. Each tick is followed by
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
      this.#tickBeforeMs = this.#tickMs;
      this.#tickMs = this.#clock.monotonicMs();
      this.#idleAtTickMs = this.#idleMs();
      this.#schedule();
    });
  }
}
