const countMin = 100;
const countMax = 1_000;
/** Other clients wait while Redis walks: one call is meant to stay under this. */
const callMsMax = 2;

/**
 * SCAN's COUNT, fitted to what one call costs this Redis: doubled while calls are cheap, halved when one took more than
 * 2 ms of Redis's time. It starts small, so that the first call on an unknown server is a cheap one.
 */
export class AdaptiveCount {
  #count = countMin;

  /** For the next call; fewer when `rowsLeft` rows at `rowsPerKey` a key need less. Never under 100. */
  next(rowsLeft: number, rowsPerKey: number): number {
    const wanted = rowsPerKey > 0 ? Math.ceil(rowsLeft / rowsPerKey) : countMax;
    return Math.max(countMin, Math.min(this.#count, wanted));
  }

  took(redisMs: number): void {
    if (redisMs > callMsMax) this.#count = Math.max(countMin, Math.floor(this.#count / 2));
    else if (redisMs < callMsMax / 2) this.#count = Math.min(countMax, this.#count * 2);
  }
}
