import { describe, expect, it } from 'vitest';
import { rate } from './redis-watch.ts';

const stats = (atMs: number, evictedKeys: number) => ({
  atMs,
  evictedKeys,
  expiredKeys: 0,
  version: '7.0.15',
  usedMemoryBytes: 0,
  maxMemoryBytes: 0,
  fragmentationRatio: 1,
  maxMemoryPolicy: 'volatile-lru',
  keys: 0,
  address: '',
});

describe('evictions per second', () => {
  it('are the growth over the time that passed', () => expect(rate(stats(3_000, 30), stats(1_000, 10), 'evictedKeys')).toBe(10));
  it('are unknown for the first sample', () => expect(rate(stats(3_000, 30), null, 'evictedKeys')).toBeNull());
  it('are unknown, not negative, after a restart of Redis', () =>
    expect(rate(stats(3_000, 0), stats(1_000, 10), 'evictedKeys')).toBeNull());
});
