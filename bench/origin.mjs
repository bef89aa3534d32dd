import { product } from './product.mjs';

/** The datastore behind the readers: a timer, and a count. */
export function createOrigin() {
  const origin = {
    calls: 0,
    delayMs: 0,
    /** By id, how long the last call took. */
    tookMs: new Map(),
    /** @param {string} id */
    async load(id) {
      origin.calls += 1;
      const startedMs = performance.now();
      if (origin.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, origin.delayMs));
      const value = product(Number.parseInt(id, 10));
      origin.tookMs.set(id, performance.now() - startedMs);
      return value;
    },
  };
  return origin;
}
