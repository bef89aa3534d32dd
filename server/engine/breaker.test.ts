import { describe, expect, it } from 'vitest';
import { Breaker } from './breaker.ts';
import type { Clock } from './clock.ts';
import { LoopLag } from './loop-lag.ts';

function manualClock(): Clock & { nowMonotonicMs: number; run(): void } {
  let timers: (() => void)[] = [];
  return {
    nowMonotonicMs: 0,
    nowMs: () => 0,
    monotonicMs() {
      return this.nowMonotonicMs;
    },
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

const turn = () => new Promise((resolve) => setImmediate(resolve));

function breakerWith(probe: () => Promise<boolean> = () => Promise.resolve(true)) {
  const clock = manualClock();
  const changes: string[] = [];
  const breaker = new Breaker({ clock, slowMs: 80, probe, onChange: (state, reason) => changes.push(`${state}: ${reason}`) });
  return { breaker, clock, changes };
}

describe('breaker', () => {
  it('opens after five misses in a row, and an answer between them starts the count again', () => {
    const { breaker, changes } = breakerWith();
    for (let n = 0; n < 4; n += 1) breaker.failed();
    breaker.succeeded(1);
    for (let n = 0; n < 4; n += 1) breaker.failed();
    expect(breaker.open).toBe(false);
    breaker.failed();
    breaker.failed();
    expect(breaker.open).toBe(true);
    expect(changes).toEqual(['open: no answer']);
  });

  it('opens when half of at least twenty calls fail, though never five in a row', () => {
    const { breaker, changes } = breakerWith();
    for (let n = 0; n < 9; n += 1) {
      breaker.succeeded(1);
      breaker.failed();
    }
    breaker.succeeded(1);
    expect(changes).toEqual([]);
    breaker.failed();
    expect(changes).toEqual(['open: error rate']);
  });

  it('opens when four in five of at least twenty calls are slow, though all are answered', () => {
    const { breaker, changes } = breakerWith();
    for (let n = 0; n < 4; n += 1) breaker.succeeded(1);
    for (let n = 0; n < 15; n += 1) breaker.succeeded(81);
    expect(changes).toEqual([]);
    breaker.succeeded(81);
    expect(changes).toEqual(['open: slow calls']);
  });

  it('forgets what is older than two windows', () => {
    const { breaker, clock, changes } = breakerWith();
    for (let n = 0; n < 19; n += 1) breaker.succeeded(81);
    clock.nowMonotonicMs = 1_001;
    breaker.succeeded(81);
    expect(changes).toEqual([]);
  });

  it('asks with one probe at a time, and closes when one is answered', async () => {
    const answers = [() => Promise.resolve(false), () => Promise.reject(new Error('gone')), () => Promise.resolve(true)];
    let probes = 0;
    const { breaker, clock, changes } = breakerWith(() => answers[probes++]?.() ?? Promise.reject(new Error('asked too often')));
    for (let n = 0; n < 5; n += 1) breaker.failed();
    for (let n = 1; n <= 3; n += 1) {
      clock.run();
      expect(breaker.state).toBe('half-open');
      expect(breaker.open).toBe(true);
      await turn();
      expect(probes).toBe(n);
      expect(breaker.state).toBe(n < 3 ? 'open' : 'closed');
    }
    expect(changes).toEqual([
      'open: no answer',
      ...['half-open: probing', 'open: probe not answered', 'half-open: probing', 'open: probe not answered'],
      ...['half-open: probing', 'closed: probe answered'],
    ]);
    breaker.failed();
    expect(breaker.open).toBe(false);
  });
});

describe('loop lag', () => {
  /** A loop whose turns each begin with its timers; `idleMs` of what passes it waits for sockets. */
  function loopOf() {
    const clock = manualClock();
    let allIdleMs = 0;
    const lag = new LoopLag(clock, () => allIdleMs);
    const pass = (busyMs: number, idleMs = 0) => {
      clock.nowMonotonicMs += busyMs + idleMs;
      allIdleMs += idleMs;
    };
    return { lag, pass, tick: () => clock.run() };
  }

  it('an answer to a process that only waits took as long as it took', () => {
    const { lag, pass, tick } = loopOf();
    for (let n = 0; n < 4; n += 1) {
      pass(0, 20);
      tick();
    }
    pass(0, 10);
    expect(lag.answerMs(0)).toBe(90);
    expect(lag.answerMs(85)).toBe(5);
  });

  it('an answer that may have lain there while the process was busy, all the time and in short turns, is not late', () => {
    const { lag, pass, tick } = loopOf();
    for (let n = 1; n < 10; n += 1) {
      const askedMs = 30 * (n - 1);
      pass(30);
      tick();
      // Read in the turn after, once those before it have had theirs.
      pass(25);
      expect(lag.answerMs(askedMs)).toBe(0);
      pass(-25);
    }
  });

  it('one that was looked for meanwhile and was not there is late, however busy the process was', () => {
    const { lag, pass, tick } = loopOf();
    for (let n = 1; n <= 10; n += 1) {
      pass(30);
      tick();
    }
    expect(lag.answerMs(0)).toBe(270);
  });

  it('an answer that is given up was surely not there until the last turn but one, though each is long', () => {
    const { lag, pass, tick } = loopOf();
    for (const turnMs of [60, 60]) {
      pass(turnMs);
      tick();
    }
    expect(lag.answerMs(0)).toBe(60);
  });

  it('what the process sleeps past its next timer it was kept from waking', () => {
    const { lag, pass } = loopOf();
    pass(0, 500);
    expect(lag.answerMs(0)).toBe(20);
  });
});
