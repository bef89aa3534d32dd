import { type Clock, systemClock } from '../../engine/clock.ts';

/** The machine's clock, but for what a test tells it. */
export interface ToldClock extends Clock {
  /** How far the monotonic clock is ahead of the machine's. */
  jumpMs: number;
  /** Timers of that length that wait to be told; of one length among `heldMs`. */
  waiting(delayMs: number): readonly (() => void)[];
  /** Runs all of them. */
  pass(delayMs: number): void;
}

/** Timers of the lengths `heldMs` run when the test says so; all others as ever. */
export function toldClock(heldMs: readonly number[] = []): ToldClock {
  const timers = new Set<{ readonly delayMs: number; readonly run: () => void }>();
  const held = (delayMs: number) => [...timers].filter((timer) => timer.delayMs === delayMs);
  const clock: ToldClock = {
    ...systemClock,
    jumpMs: 0,
    monotonicMs: () => systemClock.monotonicMs() + clock.jumpMs,
    after(delayMs, run) {
      if (!heldMs.includes(delayMs)) return systemClock.after(delayMs, run);
      const timer = { delayMs, run };
      timers.add(timer);
      return () => {
        timers.delete(timer);
      };
    },
    waiting: (delayMs) => held(delayMs).map(({ run }) => run),
    pass(delayMs) {
      for (const timer of held(delayMs)) {
        timers.delete(timer);
        timer.run();
      }
    },
  };
  return clock;
}
