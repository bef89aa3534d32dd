/** When all is well a second is told of within two after its end, and drawn within three. */
const OLD_AFTER_MS = 4_000;

/**
 * The moment up to which a figure is known, once it no longer tells of now; null while it does, and where nothing is known.
 * Both in ms since 1970, by the server's clock. `askedEachMs`: of what is asked for so rarely, the time between.
 */
export function oldSince(knownToMs: number | null, nowMs: number | null, askedEachMs = 0): number | null {
  return knownToMs === null || nowMs === null || nowMs - knownToMs <= OLD_AFTER_MS + askedEachMs ? null : knownToMs;
}
