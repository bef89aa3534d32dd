import { PRODUCTS, STRIDE } from '../product.mjs';

const IDS = Array.from({ length: PRODUCTS }, (_, i) => String(i));

/** So many hits by 128 callers; then what this process holds, all garbage collected. Needs --expose-gc. */
export async function keepReading(reader, { reads }) {
  let left = reads;
  async function call(caller) {
    let at = caller;
    while (left > 0) {
      left -= 1;
      at = (at + STRIDE) % PRODUCTS;
      await reader.read(IDS[at]);
    }
  }
  await Promise.all(Array.from({ length: 128 }, (_, caller) => call(caller)));
  for (let i = 0; i < 3; i += 1) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  return { heapBytes: heapUsed + arrayBuffers, rssBytes: rss };
}
