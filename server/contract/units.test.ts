import { describe, expect, it } from 'vitest';
import { formatBytes, formatCount, formatDuration, formatRatio } from './units.ts';

describe('numbers carry their units', () => {
  it.each([
    [0, '0 B'],
    [1_536, '1.5 KiB'],
    [150 * 1024, '150 KiB'],
    [48 * 1024 ** 2, '48.0 MiB'],
  ])('%d bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it.each([
    [0.424, '0.42 ms'],
    [12.4, '12 ms'],
    [1_500, '1.5 s'],
    [90_000, '1 min 30 s'],
    [119_999, '2 min'],
    [5_400_000, '1 h 30 min'],
    [86_400_000, '1 d'],
  ])('%d ms are %s', (ms, text) => expect(formatDuration(ms)).toBe(text));

  it('a ratio is cut off, so that a miss in ten thousand never reads 100%', () => {
    expect(formatRatio(0.9999)).toBe('99.9%');
    expect(formatRatio(1)).toBe('100.0%');
  });

  it('small counts keep a digit, large ones get separators', () => {
    expect(formatCount(2.345)).toBe('2.3');
    expect(formatCount(12_345.6)).toBe('12,346');
  });
});
