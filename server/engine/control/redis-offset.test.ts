import { expect, it } from 'vitest';
import { RedisOffset } from './redis-offset.ts';

it('follows Redis within half the shortest exchange, and ignores a slow one that does not contradict it', () => {
  let monotonic = 100;
  const offset = new RedisOffset(
    () => 5_000,
    () => monotonic,
  );
  expect(offset.now()).toBe(5_000);
  offset.measured(1_000_001, 100, 102);
  expect(offset.now()).toBe(1_000_000);
  monotonic = 1_100;
  // 800 ms on the way back: its middle is off by 400, its bounds hold the offset known.
  offset.measured(1_000_201, 300, 1_102);
  expect(offset.now()).toBe(1_001_000);
  // Redis's clock stepped by an hour.
  offset.measured(1_001_000 + 3_600_000, 1_099, 1_101);
  expect(offset.now()).toBe(1_001_000 + 3_600_000);
});
