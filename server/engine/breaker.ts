import type { Clock } from './clock.ts';

export interface BreakerOptions {
  clock: Clock;
  /** This many deadlines missed in a row open it. Default 5. */
  failuresMax?: number;
  /** Between two probes while open. Default 500. */
  probeEveryMs?: number;
  /** Asks once; true if it was answered in time. The only traffic while the breaker is open. */
  probe(): Promise<boolean>;
  onChange(open: boolean): void;
}

/**
 * Spares callers the deadline of a Redis that hangs or is slow. Closed: calls go through. Open: none do, and one probe of
 * its own at a time asks whether Redis is back, so that no caller ever pays for the question.
 */
export class Breaker {
  readonly #options: BreakerOptions;
  #failures = 0;
  #open = false;
  #closed = false;
  #cancelProbe: () => void = () => {};

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  get open(): boolean {
    return this.#open;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  /** A call had no answer in time. */
  failed(): void {
    this.#failures += 1;
    if (this.#open || this.#closed || this.#failures < (this.#options.failuresMax ?? 5)) return;
    this.#open = true;
    this.#options.onChange(true);
    this.#scheduleProbe();
  }

  close(): void {
    this.#closed = true;
    this.#cancelProbe();
  }

  #scheduleProbe(): void {
    const { clock, probe, onChange, probeEveryMs = 500 } = this.#options;
    this.#cancelProbe = clock.after(probeEveryMs, () => {
      probe().then(
        (answered) => {
          if (this.#closed) return;
          if (!answered) return this.#scheduleProbe();
          this.#failures = 0;
          this.#open = false;
          onChange(false);
        },
        () => {
          if (!this.#closed) this.#scheduleProbe();
        },
      );
    });
  }
}
