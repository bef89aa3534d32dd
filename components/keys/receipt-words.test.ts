import { describe, expect, it } from 'vitest';
import { receiptWords, revokedWords } from './receipt-words.ts';

describe('the receipt of an invalidation', () => {
  it('says what was removed or marked, and when there was nothing', () => {
    expect(receiptWords({ mode: 'hard', removed: 1, markedStale: 0 })).toBe('Entry removed');
    expect(receiptWords({ mode: 'hard', removed: 2, markedStale: 0 })).toBe('2 entries removed');
    expect(receiptWords({ mode: 'hard', removed: 0, markedStale: 0 })).toBe('Nothing was there to remove');
    expect(receiptWords({ mode: 'soft', removed: 0, markedStale: 1 })).toBe('Entry marked stale');
    expect(receiptWords({ mode: 'soft', removed: 0, markedStale: 2 })).toBe('2 entries marked stale');
    expect(receiptWords({ mode: 'soft', removed: 0, markedStale: 0 })).toBe('Nothing was there to mark');
  });

  it('does not call marked what had to be removed', () => {
    expect(receiptWords({ mode: 'soft', removed: 1, markedStale: 0 })).toBe('Entry removed: Redis had no room for the mark');
  });

  it('counts the loads that lost their lease', () => {
    expect([0, 1, 2].map((leasesRevoked) => revokedWords({ leasesRevoked }))).toEqual([
      '',
      ', 1 load under way will not be stored',
      ', 2 loads under way will not be stored',
    ]);
  });
});
