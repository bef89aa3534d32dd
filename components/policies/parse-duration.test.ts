import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDuration } from './parse-duration.ts';
import { spellDuration } from './spell-duration.ts';

describe('durations as people write them', () => {
  it.each([
    ['10 min', 600_000],
    ['10m', 600_000],
    ['1 h 30 min', 5_400_000],
    ['1h30m', 5_400_000],
    [' 90 s ', 90_000],
    ['1.5 h', 5_400_000],
    ['250 ms', 250],
    ['2 days', 172_800_000],
    ['0', 0],
    ['0 s', 0],
  ])('%s is %d ms', (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each(['', '10', 'soon', '10 min later', '10 lightyears', '-5 s', '1,5 h', 'min 10', '5 s!', 'NaN s', '1e9 s'])('%s is none', (text) =>
    expect(parseDuration(text)).toBeNull(),
  );

  it('what is spelt is read back exactly', () => {
    fc.assert(fc.property(fc.nat(90 * 86_400_000), (ms) => parseDuration(spellDuration(ms)) === ms));
  });
});
