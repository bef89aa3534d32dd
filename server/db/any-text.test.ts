import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText, storedText } from './any-text.ts';

describe('text for Postgres', () => {
  it('comes back as it was, whatever it holds', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => anyText(storedText(text)) === text));
    for (const text of ['\0', '\ud800', '%0000', '%', '%%0041', '🐙']) expect(anyText(storedText(text))).toBe(text);
  });
  it('holds nothing that Postgres refuses', () => {
    expect(storedText('a\0b\ud800🐙')).toBe('a%0000b%D800🐙');
  });
});
