import { describe, expect, it } from 'vitest';
import { problemOfSought } from './problem-of-sought.ts';

describe('what is sought', () => {
  it('is an id of up to 16,384 characters where its entity is known', () => {
    for (const length of [0, 1, 1_000, 1_001, 16_384]) expect(problemOfSought('x'.repeat(length), 'order'), `${length}`).toBeNull();
    expect(problemOfSought('x'.repeat(16_385), 'order')).toBe(
      'longer than 16,384 characters, so it cannot be looked up: give how it begins',
    );
  });

  it('is the beginning of an id where it is not, and that of up to 1,000', () => {
    for (const length of [0, 1, 1_000]) expect(problemOfSought('x'.repeat(length), undefined), `${length}`).toBeNull();
    for (const length of [1_001, 16_384])
      expect(problemOfSought('x'.repeat(length), undefined), `${length}`).toBe(
        'longer than 1,000 characters: choose its entity to look it up, or give how it begins',
      );
    expect(problemOfSought('x'.repeat(16_385), undefined)).toMatch(/^longer than 16,384 characters/);
  });
});
