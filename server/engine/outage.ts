import type { Clock } from './clock.ts';
import type { EventBus } from './events.ts';

/** Tells of an outage once when it begins and once when it ends, however many calls meet it. */
export class Outage {
  readonly #bus: EventBus;
  readonly #clock: Clock;
  #sinceMs: number | null = null;
  /** Reasons of this one that were told: as many as there are words for them. */
  readonly #told = new Set<string>();

  constructor(bus: EventBus, clock: Clock) {
    this.#bus = bus;
    this.#clock = clock;
  }

  begin(reason: string): void {
    if (this.#sinceMs !== null) return;
    this.#sinceMs = this.#clock.monotonicMs();
    this.#told.add(reason);
    this.#bus.emit({ type: 'redis.unavailable', role: 'read', reason });
  }

  /** It will not end by itself: what began as a lost connection may go on so, and nobody would know why. */
  refuse(reason: string): void {
    this.begin(reason);
    if (this.#told.has(reason)) return;
    this.#told.add(reason);
    this.#bus.emit({ type: 'redis.refused', role: 'read', reason });
  }

  end(): void {
    if (this.#sinceMs === null) return;
    const afterMs = this.#clock.monotonicMs() - this.#sinceMs;
    this.#sinceMs = null;
    this.#told.clear();
    this.#bus.emit({ type: 'redis.available', role: 'read', afterMs });
  }
}
