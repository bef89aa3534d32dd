import { expect, test } from 'vitest';
import { niceTicks } from './nice-ticks.ts';

const MIB = 1024 * 1024;

test('ticks are round, begin at zero and reach the amount', () => {
  expect(niceTicks(480, 4)).toEqual([0, 200, 400, 600]);
  expect(niceTicks(2.6, 2)).toEqual([0, 2, 4]);
  expect(niceTicks(0, 2)).toEqual([0, 0.5, 1]);
});

test('bytes are round in binary units', () => {
  expect(niceTicks(10 * MIB, 2, 1024)).toEqual([0, 5 * MIB, 10 * MIB]);
  expect(niceTicks(700 * MIB, 2, 1024)).toEqual([0, 500 * MIB, 1000 * MIB]);
  expect(niceTicks(10.2 * MIB, 2, 1024)).toEqual([0, 10 * MIB]);
  expect(niceTicks(600, 2, 1024)).toEqual([0, 500, 1000]);
});
