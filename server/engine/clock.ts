/** Time and timers, so that tests need not wait. */
export interface Clock {
  /** ms since 1970, of this machine. */
  nowMs(): number;
  /** ms on a scale that never goes back. */
  monotonicMs(): number;
  /** Calls `run` once after `delayMs`; the returned function prevents it. Never keeps the process alive. */
  after(delayMs: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  // Bound and not wrapped: a sixth of what the look at the clock costs, of which each hit in the process takes one.
  monotonicMs: performance.now.bind(performance),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
