import { describe, expect, it } from 'vitest';
import { Breaker } from './breaker.ts';
import type { Clock } from './clock.ts';

function manualClock(): Clock & { run(): void } {
  let timers: (() => void)[] = [];
  return {
    nowMs: () => 0,
    monotonicMs: () => 0,
    after(_delayMs, run) {
      timers.push(run);
      return () => {
        timers = timers.filter((timer) => timer !== run);
      };
    },
    run() {
      for (const timer of timers.splice(0)) timer();
    },
  };
}

describe('breaker', () => {
  it('opens after five misses in a row, and a success between them starts the count again', () => {
    const changes: boolean[] = [];
    const breaker = new Breaker({ clock: manualClock(), probe: () => Promise.resolve(true), onChange: (open) => changes.push(open) });
    for (let n = 0; n < 4; n += 1) breaker.failed();
    breaker.succeeded();
    for (let n = 0; n < 4; n += 1) breaker.failed();
    expect(breaker.open).toBe(false);
    breaker.failed();
    breaker.failed();
    expect(breaker.open).toBe(true);
    expect(changes).toEqual([true]);
  });

  it('closes when a probe is answered, and asks again when it is not', async () => {
    const clock = manualClock();
    const answers = [() => Promise.resolve(false), () => Promise.reject(new Error('gone')), () => Promise.resolve(true)];
    let probes = 0;
    const breaker = new Breaker({
      clock,
      failuresMax: 1,
      probe: () => answers[probes++]?.() ?? Promise.reject(new Error('asked too often')),
      onChange: () => {},
    });
    breaker.failed();
    for (let n = 1; n <= 3; n += 1) {
      clock.run();
      await new Promise((resolve) => setImmediate(resolve));
      expect(probes).toBe(n);
      expect(breaker.open).toBe(n < 3);
    }
    breaker.close();
  });
});
