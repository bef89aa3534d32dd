import { PRODUCTS } from '../product.mjs';

/** Open loop: requests come at their time whether or not earlier ones are answered. @returns {Promise<{ atMs: number, ms: number, failed: boolean }[]>} by start */
export async function readThroughOutage(reader, { perS, forMs, originMs, atMs }, origin) {
  origin.delayMs = originMs;
  await new Promise((resolve) => setTimeout(resolve, atMs - Date.now()));
  const beganMs = performance.now();
  const ends = [];
  for (let sent = 0; sent < (forMs / 1_000) * perS; ) {
    const due = Math.min(((performance.now() - beganMs) / 1_000) * perS, (forMs / 1_000) * perS);
    for (; sent < due; sent += 1) ends.push(request(sent));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const results = await Promise.all(ends);
  origin.tookMs.clear();
  return results;

  async function request(number) {
    const startedMs = performance.now();
    // A low-discrepancy walk: no two near requests meet on a key.
    const id = String(Math.floor(((number * 0.6180339887) % 1) * PRODUCTS));
    const failed = await reader.read(id).then(
      () => false,
      () => true,
    );
    return { atMs: startedMs - beganMs, ms: performance.now() - startedMs, failed };
  }
}
