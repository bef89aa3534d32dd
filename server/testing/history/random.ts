/** Numbers from 0 (included) to 1 (not). */
export type Random = () => number;

/** Mulberry32 (Tommy Ettinger, public domain) over an FNV-1a hash of the parts: same parts, same numbers, on every machine. The demo has the same: it may import nothing of tests, and what is compiled here nothing of the demo. */
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

/** A whole number from `from` to `to`, both included. */
export function between(random: Random, from: number, to: number): number {
  return from + Math.floor(random() * (to - from + 1));
}

/** One of the names, as often as its weight says. At least one weight must be above 0. */
export function pickWeighted<Name extends string>(random: Random, weights: Readonly<Partial<Record<Name, number>>>): Name {
  const entries = entriesOf(weights);
  let left = random() * entries.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [name, weight] of entries) {
    left -= weight;
    if (left < 0) return name;
  }
  throw new Error('no weight is above 0');
}

/** `Object.entries` with the names that the type states: weights are literals of this folder, never of a wider type. */
function entriesOf<Name extends string>(weights: Readonly<Partial<Record<Name, number>>>): [Name, number][] {
  return Object.entries(weights).filter(([, weight]) => typeof weight === 'number' && weight > 0) as [Name, number][];
}
