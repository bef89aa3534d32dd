import type { Clock } from './clock.ts';
import { OriginOverloaded } from './errors.ts';

export interface BulkheadOptions {
  clock: Clock;
  /** Loads that run at once in this process. */
  concurrencyMax: number;
  /** Loads that wait for their turn. */
  queueMax: number;
}

interface Waiting {
  start(): void;
  cancelTimer(): void;
}

/**
 * Stands before the origin, so that a cache that is cold or gone does not send it more at once than it bears: so many loads
 * run, so many wait, all others are refused at once. In the order of their coming.
 */
export class OriginBulkhead {
  readonly #options: BulkheadOptions;
  readonly #waiting: Waiting[] = [];
  #running = 0;

  constructor(options: BulkheadOptions) {
    this.#options = options;
  }

  /** True while one more would start at once. */
  get hasRoom(): boolean {
    return this.#running < this.#options.concurrencyMax;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Calls `start` once there is room, or `refuse` when the queue is full or `waitMsMax` have passed. Who started calls `leave` once. */
  enter(start: () => void, refuse: (error: OriginOverloaded) => void, waitMsMax: number): void {
    const { clock, concurrencyMax, queueMax } = this.#options;
    if (this.hasRoom) {
      this.#running += 1;
      start();
      return;
    }
    if (this.#waiting.length >= queueMax) {
      refuse(new OriginOverloaded(`${concurrencyMax} loads run and ${queueMax} wait already`));
      return;
    }
    const waiting: Waiting = {
      start,
      cancelTimer: clock.after(waitMsMax, () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        refuse(new OriginOverloaded(`no turn within ${waitMsMax} ms: ${concurrencyMax} loads run all the time`));
      }),
    };
    this.#waiting.push(waiting);
  }

  leave(): void {
    this.#running -= 1;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    next.cancelTimer();
    this.#running += 1;
    next.start();
  }
}
