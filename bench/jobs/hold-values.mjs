import { product } from '../product.mjs';
import { usedBytes } from '../used-bytes.mjs';

/** `count` values in a list, as they come out of JSON, and nothing else. Needs --expose-gc. */
export async function holdValues(_reader, { count }) {
  const decode = (i) => JSON.parse(Buffer.from(JSON.stringify(product(i))).toString());
  const held = new Array(count).fill(null);
  decode(0);
  const before = await usedBytes();
  for (let i = 0; i < count; i += 1) held[i] = decode(i);
  const after = await usedBytes();
  if (held.includes(null)) throw new Error('not all are held');
  return { bytes: Math.round((after - before) / count) };
}
