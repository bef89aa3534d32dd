import { describe, expect, it } from 'vitest';
import type { KeyRow, ScanStep } from '../../server/contract/keys.ts';
import { addStep, describeWalk, ROWS_MAX, walkBegin } from './walk-state.ts';

const row = (key: string): KeyRow => ({ key, display: key, entity: 'product', id: key, version: 'a', generation: 'current' });
const step = (keys: string[], cursor: string | null = 'c', walked = 100): ScanStep => ({
  rows: keys.map(row),
  cursor,
  walked,
  total: 1_000,
  rounds: 1,
  redisMs: 1,
});

describe('a walk over the key space', () => {
  it('lists a key that SCAN returned twice once', () => {
    const state = addStep(addStep(walkBegin, step(['a', 'b'])), step(['b', 'c', 'c']));
    expect(state.rows.map((one) => one.key)).toEqual(['a', 'b', 'c']);
  });

  it('is partial until the cursor comes round', () => {
    const some = addStep(walkBegin, step(['a'], 'c', 410));
    expect(describeWalk(some)).toBe('1 found, ~41% walked, partial');
    expect(describeWalk(addStep(some, step([], null, 590)))).toBe('1 found, all walked, complete');
  });

  it('never says 100% while there is a cursor', () => {
    expect(describeWalk(addStep(walkBegin, step(['a'], 'c', 5_000)))).toBe('1 found, ~99% walked, partial');
  });

  it('an empty step is not the end', () => {
    expect(addStep(walkBegin, step([])).status).toBe('walking');
  });

  it('stops at the most rows that a tab keeps', () => {
    const state = addStep(walkBegin, step(Array.from({ length: ROWS_MAX + 5 }, (_, index) => `k${index}`)));
    expect([state.rows.length, state.status]).toEqual([ROWS_MAX, 'full']);
  });
});
