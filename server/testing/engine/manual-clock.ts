import type { Clock } from '../../engine/clock.ts';

export interface ManualClock extends Clock {
  /** Runs the timers that come due on the way, in their order, each at its own time. */
  advance(ms: number): void;
}

/** Time that stands still until it is told to pass. */
export function manualClock(startMs: number = Date.now()): ManualClock {
  let passedMs = 0;
  let order = 0;
  const timers = new Map<number, { dueMs: number; run: () => void }>();
  return {
    nowMs: () => startMs + passedMs,
    monotonicMs: () => passedMs,
    after(delayMs, run) {
      order += 1;
      const id = order;
      timers.set(id, { dueMs: passedMs + delayMs, run });
      return () => timers.delete(id);
    },
    advance(ms) {
      const endMs = passedMs + ms;
      for (;;) {
        const [next] = [...timers].filter(([, { dueMs }]) => dueMs <= endMs).sort(([, a], [, b]) => a.dueMs - b.dueMs);
        if (next === undefined) break;
        const [id, { dueMs, run }] = next;
        timers.delete(id);
        passedMs = Math.max(passedMs, dueMs);
        run();
      }
      passedMs = endMs;
    },
  };
}
