import { PRODUCTS } from '../product.mjs';

/** Fills Redis by reading, then proves that every read is a hit. */
export async function seed(reader, { products = PRODUCTS }, origin) {
  const ids = Array.from({ length: products }, (_, i) => String(i));
  origin.delayMs = 0;
  for (let pass = 0; pass < 20; pass += 1) {
    const before = origin.calls;
    for (let from = 0; from < products; from += 100) await Promise.all(ids.slice(from, from + 100).map((id) => reader.read(id)));
    if (origin.calls === before) return;
  }
  throw new Error('reads still miss after 20 passes');
}
