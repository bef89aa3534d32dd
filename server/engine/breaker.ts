import type { Clock } from './clock.ts';

/** `half-open`: one probe is under way, and nothing else. */
export type BreakerState = 'closed' | 'open' | 'half-open';
export type BreakerReason = 'no answer' | 'error rate' | 'slow calls' | 'probe answered' | 'probe not answered' | 'probing';

export interface BreakerOptions {
  clock: Clock;
  /** A call that takes longer counts as slow. ms */
  slowMs: number;
  /** Asks once; true if it was answered in time. The only traffic while the breaker is open. */
  probe(): Promise<boolean>;
  onChange(state: BreakerState, reason: BreakerReason): void;
}

/** This many calls in a row without an answer open it. */
const FAILURES_IN_A_ROW = 5;
/** Rates are taken over the last one to two windows, from this many calls on. */
const WINDOW_MS = 500;
const CALLS_MIN = 20;
const FAILED_SHARE = 0.5;
const SLOW_SHARE = 0.8;
const PROBE_EVERY_MS = 500;

interface Tally {
  calls: number;
  failed: number;
  slow: number;
}

/**
 * Spares callers the deadline of a Redis that hangs, fails or is slow. Closed: calls go through. Open: none do, until one
 * probe of its own (half-open) is answered in time, so that no caller ever pays for the question. Durations come without the
 * time in which this process was busy with itself: a blocked event loop says nothing of Redis.
 */
export class Breaker {
  readonly #options: BreakerOptions;
  #state: BreakerState = 'closed';
  #inARow = 0;
  #current: Tally = { calls: 0, failed: 0, slow: 0 };
  #previous: Tally = { calls: 0, failed: 0, slow: 0 };
  #windowFromMs = 0;
  #closed = false;
  #cancelProbe: () => void = () => {};

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** True while calls are refused. */
  get open(): boolean {
    return this.#state !== 'closed';
  }

  /** A call was answered; `tookMs` is Redis' part of it. */
  succeeded(tookMs: number): void {
    this.#inARow = 0;
    this.#count(false, tookMs > this.#options.slowMs);
  }

  /** A call had no answer in time, or lost its connection. */
  failed(): void {
    this.#inARow += 1;
    this.#count(true, true);
  }

  close(): void {
    this.#closed = true;
    this.#cancelProbe();
  }

  #count(failed: boolean, slow: boolean): void {
    this.#turnWindow();
    const current = this.#current;
    current.calls += 1;
    if (failed) current.failed += 1;
    if (slow) current.slow += 1;
    if (this.#state !== 'closed' || this.#closed || !slow) return;
    const reason = this.#tripped();
    if (reason === null) return;
    this.#change('open', reason);
    this.#scheduleProbe();
  }

  #tripped(): BreakerReason | null {
    if (this.#inARow >= FAILURES_IN_A_ROW) return 'no answer';
    const calls = this.#current.calls + this.#previous.calls;
    if (calls < CALLS_MIN) return null;
    if (this.#current.failed + this.#previous.failed >= FAILED_SHARE * calls) return 'error rate';
    return this.#current.slow + this.#previous.slow >= SLOW_SHARE * calls ? 'slow calls' : null;
  }

  #turnWindow(): void {
    const nowMs = this.#options.clock.monotonicMs();
    const sinceMs = nowMs - this.#windowFromMs;
    if (sinceMs < WINDOW_MS) return;
    this.#previous = sinceMs < 2 * WINDOW_MS ? this.#current : { calls: 0, failed: 0, slow: 0 };
    this.#current = { calls: 0, failed: 0, slow: 0 };
    this.#windowFromMs = nowMs;
  }

  #scheduleProbe(): void {
    this.#cancelProbe = this.#options.clock.after(PROBE_EVERY_MS, () => {
      this.#change('half-open', 'probing');
      const answer = (answered: boolean) => {
        if (this.#closed) return;
        if (answered) {
          this.#forget();
          this.#change('closed', 'probe answered');
          return;
        }
        this.#change('open', 'probe not answered');
        this.#scheduleProbe();
      };
      this.#options.probe().then(answer, () => answer(false));
    });
  }

  #forget(): void {
    this.#inARow = 0;
    this.#current = { calls: 0, failed: 0, slow: 0 };
    this.#previous = { calls: 0, failed: 0, slow: 0 };
  }

  #change(state: BreakerState, reason: BreakerReason): void {
    this.#state = state;
    this.#options.onChange(state, reason);
  }
}
