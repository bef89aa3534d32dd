import type { Clock } from '../clock.ts';
import { Unavailable } from '../errors.ts';

/** One call that is waited for. */
export class Watched {
  readonly dueMs: number;
  #missed: (() => void) | null;

  constructor(dueMs: number, missed: () => void) {
    this.dueMs = dueMs;
    this.#missed = missed;
  }

  get settled(): boolean {
    return this.#missed === null;
  }

  /** True for the first who says that it is over. */
  settle(): boolean {
    const first = this.#missed !== null;
    this.#missed = null;
    return first;
  }

  miss(): void {
    const missed = this.#missed;
    this.#missed = null;
    missed?.();
  }
}

/**
 * The engine's own deadline: ioredis' timeouts start when a command is queued and count no handshake. All calls have the
 * same, so they come due in the order of their start, and one timer serves them all: one for each call costs more than the call.
 */
export class Deadlines {
  readonly error: Error;
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  /** In the order in which they come due. */
  #watched: Watched[] = [];
  #armed = false;

  constructor(clock: Clock, deadlineMs: number) {
    this.#clock = clock;
    this.#deadlineMs = deadlineMs;
    this.error = new Unavailable(`Redis did not answer within ${deadlineMs} ms`);
  }

  /** Calls `missed` once when the deadline has passed since `startedMs`, unless it is settled before. */
  watch(startedMs: number, missed: () => void): Watched {
    const watched = new Watched(startedMs + this.#deadlineMs, missed);
    this.#watched.push(watched);
    if (!this.#armed) this.#arm(this.#deadlineMs);
    return watched;
  }

  #arm(afterMs: number): void {
    this.#armed = true;
    this.#clock.after(afterMs, () => this.#look());
  }

  #look(): void {
    this.#armed = false;
    const nowMs = this.#clock.monotonicMs();
    const waiting = this.#watched.findIndex((one) => !one.settled && one.dueMs > nowMs);
    const over = waiting === -1 ? this.#watched.splice(0) : this.#watched.splice(0, waiting);
    const due = over.filter((one) => !one.settled);
    const next = this.#watched[0];
    if (next !== undefined) this.#arm(Math.max(1, next.dueMs - nowMs));
    if (due.length === 0) return;
    // Sockets are read before an immediate runs: an answer that waits there because this process was busy is not late.
    setImmediate(() => {
      for (const one of due) one.miss();
    });
  }
}
