import type { Clock } from './clock.ts';

const TICK_MS = 20;

/**
 * How long this process has been too busy to run its timers. A reply that came while it was is late by its own fault; the
 * difference of two readings around a call is what to take off. Timers run before sockets are read, so a reading is true by
 * the time that a late reply is handled.
 */
export class LoopLag {
  readonly #clock: Clock;
  #blockedMs = 0;
  #dueMs: number;
  #cancel: () => void = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#dueMs = clock.monotonicMs() + TICK_MS;
    this.#schedule();
  }

  /** ms since the start, monotonic. */
  get blockedMs(): number {
    return this.#blockedMs;
  }

  close(): void {
    this.#cancel();
  }

  #schedule(): void {
    this.#cancel = this.#clock.after(TICK_MS, () => {
      const nowMs = this.#clock.monotonicMs();
      this.#blockedMs += Math.max(0, nowMs - this.#dueMs);
      this.#dueMs = nowMs + TICK_MS;
      this.#schedule();
    });
  }
}
