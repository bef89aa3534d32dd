/**
 * Redis time by the local monotonic clock: an offset measured from TIME replies (Cristian's algorithm). An exchange
 * bounds the true offset by its own length; the tightest bound counts, until a later exchange contradicts it (either
 * clock stepped or drifted). Without any exchange yet it is this host's wall clock.
 */
export class RedisOffset {
  readonly #monotonicMs: () => number;
  #offsetMs: number;
  #halfWidthMs = Number.POSITIVE_INFINITY;

  constructor(wallMs: () => number, monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
    this.#offsetMs = wallMs() - monotonicMs();
  }

  /** False while it is this host's wall clock. */
  get known(): boolean {
    return Number.isFinite(this.#halfWidthMs);
  }

  /** Redis time now, ms since 1970, with a fraction. */
  now(): number {
    return this.#monotonicMs() + this.#offsetMs;
  }

  /** One TIME reply and the monotonic ms at which it was asked for and read. */
  measured(redisMs: number, sentMs: number, receivedMs: number): void {
    const halfWidthMs = (receivedMs - sentMs) / 2;
    const offsetMs = redisMs - (sentMs + receivedMs) / 2;
    const agrees = Math.abs(offsetMs - this.#offsetMs) <= halfWidthMs + this.#halfWidthMs;
    // What is kept grows less certain by 1 ms a measurement, so that slow drift is followed.
    this.#halfWidthMs += 1;
    if (agrees && halfWidthMs > this.#halfWidthMs) return;
    this.#offsetMs = offsetMs;
    this.#halfWidthMs = halfWidthMs;
  }
}

/** A TIME reply as ms since 1970 with a fraction; null if it is none. */
export function parseTimeReply(reply: unknown): number | null {
  if (!Array.isArray(reply) || reply.length !== 2) return null;
  const ms = Number(reply[0]) * 1_000 + Number(reply[1]) / 1_000;
  return Number.isFinite(ms) ? ms : null;
}
