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
  monotonicMs: () => performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
