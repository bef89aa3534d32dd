import type { Clock } from './clock.ts';
import type { EventBus } from './events.ts';

/** Tells of an outage once when it begins and once when it ends, however many calls meet it. */
export class Outage {
  readonly #bus: EventBus;
  readonly #clock: Clock;
  #sinceMs: number | null = null;

  constructor(bus: EventBus, clock: Clock) {
    this.#bus = bus;
    this.#clock = clock;
  }

  begin(reason: string): void {
    if (this.#sinceMs !== null) return;
    this.#sinceMs = this.#clock.monotonicMs();
    this.#bus.emit({ type: 'redis.unavailable', role: 'read', reason });
  }

  end(): void {
    if (this.#sinceMs === null) return;
    const afterMs = this.#clock.monotonicMs() - this.#sinceMs;
    this.#sinceMs = null;
    this.#bus.emit({ type: 'redis.available', role: 'read', afterMs });
  }
}
