import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryHistory, BOUND_US, isIssued } from './arbitrary-history.ts';
import { HistoryChecker } from './history-checker.ts';
import { type HistoryEvent, timeOf } from './history-event.ts';
import { checkNaively } from './naive-checker.ts';
import { VIOLATION_CLASSES, type Violation } from './violation.ts';

const promise = { isIssued, boundUs: BOUND_US };
const inOrder = (violations: readonly Violation[], history: readonly HistoryEvent[]) =>
  violations
    .map(({ event, ...found }) => ({ ...found, at: history.indexOf(event) }))
    .sort((a, b) => a.at - b.at || a.class.localeCompare(b.class));

describe('the checker and the promise word for word', () => {
  it('find the same violations in the same ten thousand histories, each class among them', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(arbitraryHistory, (history) => {
        const checker = new HistoryChecker(promise);
        for (const event of history) checker.add(event);
        checker.finish();
        const naive = checkNaively(history, promise);
        for (const { class: found } of naive) seen.add(found);
        expect(inOrder(checker.violations, history)).toEqual(inOrder(naive, history));
      }),
      { numRuns: 10_000, seed: 1 },
    );
    expect([...seen].sort()).toEqual([...VIOLATION_CLASSES].sort());
  });

  it('find the same in any history that is looked at as it comes in', () => {
    fc.assert(
      fc.property(arbitraryHistory, (history) => {
        const checker = new HistoryChecker(promise);
        for (const event of [...history].sort((a, b) => timeOf(a) - timeOf(b))) {
          checker.add(event);
          checker.advance(timeOf(event));
        }
        expect(checker.waiting).toBe(0);
        expect(checker.late).toBe(0);
        expect(inOrder(checker.violations, history)).toEqual(inOrder(checkNaively(history, promise), history));
      }),
      { numRuns: 4_000 },
    );
  });
});
