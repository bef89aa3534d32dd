const FIRST_MS = 500;
const LONGEST_MS = 10_000;
/** A child that has lived so long is well again: its next end starts over. */
const WELL_AFTER_MS = 30_000;

/**
 * How long to wait before a child is started again.
 * @param {number} failures ends in a row, 1 or more
 * @returns {number} ms
 */
export function backoffMs(failures) {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
}

/** The ends in a row, this one counted, of a child that lived `livedMs`. */
export function failuresAfter(failures, livedMs) {
  return livedMs >= WELL_AFTER_MS ? 1 : failures + 1;
}
