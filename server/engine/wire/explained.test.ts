import { describe, expect, it } from 'vitest';
import { controlAnswer, controlMessage } from './control-message.ts';
import type { InstanceExplanation } from './explained.ts';

const question = { t: 'explain', rev: 'a1', entity: 'product', id: '1', instances: ['a'], replyTo: 'inbox' };
const known: Extract<InstanceExplanation, { kind: 'known' }> = {
  kind: 'known',
  entity: 'product',
  id: '1',
  tier: 'l1',
  version: 'abc',
  previous: null,
  key: 'test:shop:abc:product:1',
  freshness: { kind: 'fresh', createdMs: 1, freshUntilMs: 2, expiresMs: 3, loadCostMs: 0.5, marked: false },
  lease: { kind: 'load', holder: 'a', own: false, waiters: 2, leftMs: 4_000 },
  local: { createdMs: 1, expiresMs: 3, sizeBytes: 300, serves: false, why: 'past its time here' },
  next: { does: 'serve', why: 'the entry is fresh' },
};
const answer = (explanation: unknown) => ({ t: 'explained', rev: 'a1', instance: 'a', explanation });

describe('the question that a console asks of instances', () => {
  it('names at most 8 of them, and an entity and an id of legal length', () => {
    expect(controlMessage.parse(question)).toEqual(question);
    const illegal = [
      { instances: Array.from({ length: 9 }, (_, index) => `${index}`) },
      { instances: ['a'.repeat(65)] },
      { entity: '' },
      { entity: 'e'.repeat(201) },
      { id: '' },
      { id: 'i'.repeat(16_385) },
      { rev: 7 },
      { rev: 'r'.repeat(33) },
      { replyTo: 'r'.repeat(1_001) },
    ];
    for (const part of illegal) expect(controlMessage.safeParse({ ...question, ...part }).success, JSON.stringify(part)).toBe(false);
  });
});

describe('the answer of an instance', () => {
  it('carries the whole explanation, or says that it does not know the entity', () => {
    for (const explanation of [
      known,
      { ...known, freshness: { kind: 'unusable', problem: 'not an envelope' }, lease: null, local: null, tier: 'none' },
      { ...known, freshness: { kind: 'unknown' }, version: null, key: null, local: null },
      { kind: 'unknown entity' },
    ]) {
      expect(controlAnswer.parse(JSON.parse(JSON.stringify(answer(explanation))))).toEqual(answer(explanation));
    }
  });

  it('is none with a word that a console does not know, a missing part, or a text past its bound', () => {
    const illegal = [
      { tier: 'disk' },
      { local: undefined },
      { next: { does: 'sing', why: '' } },
      { next: { does: 'serve', why: 'x'.repeat(1_001) } },
      { key: 'k'.repeat(8_193) },
      { freshness: { kind: 'fresh' } },
      { lease: { ...known.lease, waiters: -1 } },
      { kind: 'other' },
    ];
    for (const part of illegal) expect(controlAnswer.safeParse(answer({ ...known, ...part })).success, JSON.stringify(part)).toBe(false);
  });
});
