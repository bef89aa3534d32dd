import fc from 'fast-check';
import { expect, it } from 'vitest';
import { reconnectDelayMs } from './reconnect-delay.ts';

const anyRandom = fc.double({ min: 0, max: 1, noNaN: true });
const attempts = Array.from({ length: 12 }, (_, n) => n + 1);

it('a pause grows to a second, whatever the chance, and is never shorter than three quarters of the longest', () => {
  const longest = attempts.map((attempt) => reconnectDelayMs(attempt, () => 1));
  expect(longest).toEqual([50, 100, 200, 400, 800, 1_000, 1_000, 1_000, 1_000, 1_000, 1_000, 1_000]);
  expect(attempts.map((attempt) => reconnectDelayMs(attempt, () => 0))).toEqual(longest.map((ms) => 0.75 * ms));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), anyRandom, anyRandom, (attempt, one, other) => {
      expect(reconnectDelayMs(attempt + 1, () => one)).toBeGreaterThan(reconnectDelayMs(attempt, () => other));
    }),
  );
  expect(reconnectDelayMs(1_000_000, () => 1)).toBe(1_000);
});

it('of connections that are lost together no two come back together: their pauses are spread over a quarter of it', () => {
  for (const attempt of attempts) {
    const pauses = Array.from({ length: 200 }, (_, n) => reconnectDelayMs(attempt, () => n / 199));
    expect(new Set(pauses).size).toBe(200);
    expect(Math.max(...pauses) - Math.min(...pauses)).toBeCloseTo(0.25 * Math.max(...pauses));
  }
});
