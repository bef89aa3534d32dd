import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Lane, type LaneItem, type LaneShape, openLane } from './lane.ts';

describe('a lane', () => {
  let got: string[];
  const lane = (random = () => 0): Lane => new Lane({ deliver: (item) => got.push(textOf(item)), random });
  const textOf = (item: LaneItem): string => (Buffer.isBuffer(item) ? item.toString() : `(${item})`);
  const late = (latencyMs: number, jitterMs = 0, probability = 1): LaneShape => ({
    ...openLane,
    delays: [{ latencyMs, jitterMs, probability }],
  });

  beforeEach(() => {
    got = [];
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('hands on every chunk late and in order, the end last', () => {
    const one = lane();
    one.setShape(late(80));
    for (const chunk of ['a', 'b']) one.take(Buffer.from(chunk));
    one.take('end');
    vi.advanceTimersByTime(79);
    expect(got).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(got).toEqual(['a', 'b', '(end)']);
  });

  it('keeps order when the delay shrinks, and when jitter would have later chunks overtake', () => {
    const draws = [0.9, 0.1];
    const one = lane(() => draws.shift() ?? 0);
    one.setShape(late(10, 100));
    one.take(Buffer.from('a'));
    one.take(Buffer.from('b'));
    one.setShape(openLane);
    one.take(Buffer.from('c'));
    vi.advanceTimersByTime(99);
    expect(got).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(got).toEqual(['a', 'b', 'c']);
  });

  it('is as narrow as it is told: bytes come in slices, and none is missing', () => {
    const one = lane();
    one.setShape({ ...openLane, bytesPerSecond: 1_000 });
    one.take(Buffer.from('x'.repeat(500)));
    one.take('end');
    vi.advanceTimersByTime(225);
    expect(got.join('')).toBe('x'.repeat(250));
    vi.advanceTimersByTime(300);
    expect(got.join('')).toBe(`${'x'.repeat(500)}(end)`);
  });

  it('hands chunks on in pieces where it is told so, one in each turn of the event loop', () => {
    const one = lane();
    one.setShape({ ...openLane, sliceBytes: 2 });
    for (const chunk of ['abc', 'de']) one.take(Buffer.from(chunk));
    one.take('end');
    expect(got).toEqual(['ab']);
    vi.advanceTimersToNextTimer();
    expect(got).toEqual(['ab', 'c']);
    vi.runAllTimers();
    expect(got).toEqual(['ab', 'c', 'de', '(end)']);
  });

  it('says that it lost something as soon as it swallowed', () => {
    const one = lane();
    one.setShape({ ...openLane, swallows: true });
    expect(one.lost).toBe(false);
    one.take(Buffer.from('a'));
    one.setShape(openLane);
    one.take(Buffer.from('b'));
    expect([got, one.lost]).toEqual([['b'], true]);
  });

  it('loses the next chunk alone when told so, and never the end', () => {
    const one = lane();
    one.swallowNext();
    for (const chunk of ['a', 'b']) one.take(Buffer.from(chunk));
    one.swallowNext();
    one.take('end');
    expect([got, one.lost]).toEqual([['b', '(end)'], true]);
  });

  it('holds everything until it is let go, and releases what waits at once', () => {
    const one = lane();
    const letGo = one.hold();
    one.take(Buffer.from('a'));
    vi.advanceTimersByTime(1_000);
    expect(got).toEqual([]);
    letGo();
    expect(got).toEqual(['a']);
    one.setShape(late(60_000));
    one.take(Buffer.from('b'));
    one.release();
    expect(got).toEqual(['a', 'b']);
  });

  it('tells when more waits than it may hold, and when there is room again', () => {
    const full: boolean[] = [];
    const one = new Lane({ deliver: () => {}, onFull: (now) => full.push(now), random: () => 0 });
    one.setShape(late(100));
    one.take(Buffer.alloc(16 << 20));
    expect(full).toEqual([]);
    one.take(Buffer.alloc(1));
    vi.advanceTimersByTime(100);
    expect(full).toEqual([true, false]);
  });

  it('whatever comes and however its shape changes, without swallowing all bytes arrive in their order', () => {
    const shapes = fc.record({
      latencyMs: fc.integer({ min: 0, max: 50 }),
      jitterMs: fc.integer({ min: 0, max: 50 }),
      bytesPerSecond: fc.option(fc.integer({ min: 128, max: 5_000 })),
      sliceBytes: fc.option(fc.integer({ min: 1, max: 50 })),
    });
    const steps = fc.array(
      fc.record({ shape: fc.option(shapes), size: fc.integer({ min: 0, max: 400 }), waitMs: fc.integer({ min: 0, max: 60 }) }),
    );
    fc.assert(
      fc.property(steps, fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1 }), (all, draws) => {
        got = [];
        let draw = 0;
        const one = lane(() => draws[draw++ % draws.length] ?? 0);
        let sent = '';
        all.forEach(({ shape, size, waitMs }, index) => {
          if (shape !== null) {
            const { latencyMs, jitterMs, bytesPerSecond, sliceBytes } = shape;
            const delays = latencyMs === 0 ? [] : [{ latencyMs, jitterMs, probability: 0.7 }];
            one.setShape({ delays, bytesPerSecond, sliceBytes, swallows: false });
          }
          const text = String.fromCharCode(97 + (index % 26)).repeat(size);
          sent += text;
          one.take(Buffer.from(text));
          vi.advanceTimersByTime(waitMs);
          expect(sent.startsWith(got.join(''))).toBe(true);
        });
        one.release();
        expect(got.join('')).toBe(sent);
        expect(one.waitingBytes).toBe(0);
      }),
      { numRuns: 100 },
    );
  });
});
