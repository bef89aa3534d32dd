import type { Random } from './random.ts';

/** Spreads neighbouring ranks over the ids, so that the hot ones are not simply the first. Prime, so every id has one rank. */
const SPREAD = 7_919;

/**
 * Draws ids from 1 to `count` by Zipf's law: the id of rank r is drawn 1 / r^exponent as often as that of rank 1.
 * @param exponent around 1 for what people look at (Breslau et al., "Web Caching and Zipf-like Distributions", 1999)
 */
export function createZipf(count: number, exponent: number, random: Random): () => number {
  const cumulative = new Float64Array(count);
  let sum = 0;
  for (let rank = 1; rank <= count; rank += 1) {
    sum += rank ** -exponent;
    cumulative[rank - 1] = sum;
  }
  return () => {
    const target = random() * sum;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((cumulative[middle] ?? sum) < target) low = middle + 1;
      else high = middle;
    }
    return ((low * SPREAD) % count) + 1;
  };
}
