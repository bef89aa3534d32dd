const FIRST_MS = 50;
const MAX_MS = 1_000;
/** From this many attempts on a pause is no longer than before. */
const GROWING_ATTEMPTS = 10;
/** Of the pause that is left to chance. */
const JITTER = 0.25;

/**
 * The pause before an attempt to connect, from 1: it doubles from 50 ms to a second, and up to a quarter of it is taken off by
 * chance, so that connections that were lost at one instant do not come back at one. `random`: from 0 to 1.
 */
export function reconnectDelayMs(attempt: number, random: () => number): number {
  const longestMs = Math.min(MAX_MS, FIRST_MS * 2 ** (Math.min(attempt, GROWING_ATTEMPTS) - 1));
  return longestMs * (1 - JITTER + JITTER * random());
}
