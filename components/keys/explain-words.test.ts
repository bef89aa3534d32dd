import { describe, expect, it } from 'vitest';
import type { ExplainView, InstanceRead } from '../../server/contract/keys.ts';
import { agreedRead, answeredWords } from './explain-words.ts';

const read: InstanceRead = { tier: 'redis', does: 'serve', why: 'the entry is fresh', local: null };
const local = { createdMs: 5, sizeBytes: 300, serves: false, why: 'past its time here' };
const view = (reads: (InstanceRead | null)[], silent = 0, living = reads.length + silent): ExplainView => ({
  answers: reads.map((one, index) => ({ instance: `i${index}`, read: one })),
  pending: Array.from({ length: silent }, (_, index) => `silent${index}`),
  living,
  nowMs: 0,
});

describe('who has answered', () => {
  it('is said of those that were asked, and how many more run', () => {
    expect(answeredWords(view([read, read, read]))).toBe('3 of 3 instances answered');
    expect(answeredWords(view([read]))).toBe('1 of 1 instance answered');
    expect(answeredWords(view([read, read], 1))).toBe('1 of 3 did not answer within 1 s');
    expect(answeredWords(view([], 0))).toBe('no instance of this service runs');
    expect(answeredWords(view([read, read], 0, 12))).toBe('2 of 2 instances answered; 12 run');
    expect(answeredWords(view([read], 1, 12))).toBe('1 of 2 did not answer within 1 s; 12 run');
  });
});

describe('one line stands for all instances', () => {
  it('only where they say the same, what their L1 holds included', () => {
    expect(agreedRead(view([read, { ...read }]))).toEqual(read);
    expect(agreedRead(view([read, { ...read, does: 'wait' }]))).toBeNull();
    expect(agreedRead(view([read, { ...read, why: 'other' }]))).toBeNull();
    expect(agreedRead(view([read, { ...read, local }]))).toBeNull();
    expect(
      agreedRead(
        view([
          { ...read, local },
          { ...read, local: { ...local, createdMs: 6 } },
        ]),
      ),
    ).toBeNull();
    expect(
      agreedRead(
        view([
          { ...read, local },
          { ...read, local: { ...local } },
        ]),
      ),
    ).toEqual({ ...read, local });
  });

  it('not where one does not know the entity, or nobody has answered', () => {
    expect(agreedRead(view([read, null]))).toBeNull();
    expect(agreedRead(view([null, null]))).toBeNull();
    expect(agreedRead(view([], 2))).toBeNull();
  });
});
