import { describe, expect, it } from 'vitest';
import { ControlError } from '../control-error.ts';
import { openCursor, signCursor } from './signed-cursor.ts';

const secret = 'a secret of thirty-two characters';
const walk = { env: 'demo', service: 'shop', entity: 'product', idPrefix: '4' };

describe('the cursor of a walk', () => {
  it('comes back whole, also past 2^53', () => {
    expect(openCursor(secret, walk, signCursor(secret, walk, '18446744073709551615'))).toBe('18446744073709551615');
  });

  it.each([
    ['of another env', { ...walk, env: 'prod' }],
    ['of another service', { ...walk, service: 'other' }],
    ['of another entity', { ...walk, entity: undefined }],
    ['of another prefix', { ...walk, idPrefix: '' }],
  ])('%s is refused', (_, other) => {
    expect(() => openCursor(secret, other, signCursor(secret, walk, '17'))).toThrow(ControlError);
  });

  it.each(['', '.', '17', 'a.b', 'a.b.c', `${'x'.repeat(1_000)}.y`])('%j is refused', (forged) => {
    expect(() => openCursor(secret, walk, forged)).toThrow(/not one of this walk/);
  });

  it('with one letter changed is refused, wherever it is', () => {
    const signed = signCursor(secret, walk, '17');
    for (const index of [0, 5, signed.indexOf('.') + 1]) {
      const letter = signed[index] === 'A' ? 'B' : 'A';
      expect(() => openCursor(secret, walk, signed.slice(0, index) + letter + signed.slice(index + 1))).toThrow(ControlError);
    }
  });

  it('signed with another secret is refused', () => {
    expect(() => openCursor(secret, walk, signCursor('another secret', walk, '17'))).toThrow(ControlError);
  });
});
