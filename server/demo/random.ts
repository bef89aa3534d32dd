/** Numbers from 0 (included) to 1 (not). */
export type Random = () => number;

/** Mulberry32 (Tommy Ettinger, public domain) over an FNV-1a hash of the parts: same parts, same numbers, on every machine. */
export function createRandom(...parts: readonly (string | number)[]): Random {
  let state = 2_166_136_261;
  for (const letter of parts.join(' ')) state = Math.imul(state ^ letter.charCodeAt(0), 16_777_619);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number from 0 to `count` - 1. */
export function below(random: Random, count: number): number {
  return Math.floor(random() * count);
}

export function pick<T>(random: Random, values: readonly [T, ...T[]]): T {
  return values[below(random, values.length)] ?? values[0];
}
