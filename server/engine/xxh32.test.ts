import { describe, expect, it } from 'vitest';
import { xxh32 } from './xxh32.ts';

/** The sanity buffer of the reference implementation: https://github.com/Cyan4973/xxHash/blob/dev/tests/sanity_test.c. */
function sanityBuffer(length: number): Buffer {
  const prime64 = 11_400_714_785_074_694_797n;
  let byteGen = 2_654_435_761n;
  return Buffer.from(
    Array.from({ length }, () => {
      const byte = Number(byteGen >> 56n);
      byteGen = (byteGen * prime64) & 0xffffffffffffffffn;
      return byte;
    }),
  );
}

describe('XXH32', () => {
  it.each([
    ['', 0x02cc5d05],
    ['a', 0x550d7456],
    ['abc', 0x32d153ff],
    ['Nobody inspects the spammish repetition', 0xe2293b2f],
  ])('of %j is as published', (text, hash) => {
    expect(xxh32(Buffer.from(text), 0, 0)).toBe(hash);
  });

  it.each([
    [0, 0, 0x02cc5d05],
    [0, 2_654_435_761, 0x36b78ae7],
    [1, 0, 0xcf65b03e],
    [1, 2_654_435_761, 0xb4545aa4],
    [14, 0, 0x1208e7e2],
    [14, 2_654_435_761, 0x6af1d1fe],
    [222, 0, 0x5bd11dbd],
    [222, 2_654_435_761, 0x58803c5f],
  ])('of the first %i bytes of the sanity buffer with the seed %i is as published', (length, seed, hash) => {
    expect(xxh32(sanityBuffer(length), 0, seed)).toBe(hash);
  });

  it('is of the bytes from the start, wherever they lie', () => {
    const bytes = sanityBuffer(222);
    for (let shift = 0; shift < 9; shift += 1) {
      const room = Buffer.alloc(300);
      bytes.copy(room, shift);
      expect(xxh32(room.subarray(shift, shift + 222), 0, 0)).toBe(0x5bd11dbd);
      expect(xxh32(Buffer.concat([Buffer.alloc(shift), bytes]), shift, 0)).toBe(0x5bd11dbd);
    }
    const large = Buffer.concat([Buffer.alloc(1 << 17), bytes]);
    expect(xxh32(large, 1 << 17, 0)).toBe(0x5bd11dbd);
  });
});
