import { expect, it } from 'vitest';
import { RetryBudget } from './retry-budget.ts';

it('of all loads one in ten may be a repeat, and ten may be saved up', () => {
  const budget = new RetryBudget();
  for (let n = 0; n < 10; n += 1) expect(budget.spend()).toBe(true);
  expect(budget.spend()).toBe(false);
  let repeats = 0;
  for (let n = 0; n < 1_000; n += 1) {
    budget.earn();
    if (budget.spend()) repeats += 1;
  }
  expect(repeats).toBeGreaterThan(95);
  expect(repeats).toBeLessThanOrEqual(100);
});
