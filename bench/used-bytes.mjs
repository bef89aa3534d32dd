const SETTLE_MS = 30;

/** What lives in this process, all garbage collected. Needs --expose-gc. */
export async function usedBytes() {
  for (let i = 0; i < 4; i += 1) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
