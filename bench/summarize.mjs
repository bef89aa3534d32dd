/**
 * @param {ArrayLike<number>} values
 * @param {number} share from 0 to 1
 */
export function quantile(values, share) {
  const sorted = Float64Array.from(values).sort();
  return sorted.length === 0 ? Number.NaN : sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** p50, p99 and the largest, rounded to a microsecond. @param {ArrayLike<number>} ms */
export function spread(ms) {
  return { p50Ms: round(quantile(ms, 0.5)), p99Ms: round(quantile(ms, 0.99)), maxMs: round(quantile(ms, 1)) };
}

export function round(value, digits = 3) {
  return Number(value.toFixed(digits));
}

/** A Markdown table. @param {readonly string[]} head @param {readonly (readonly (string | number)[])[]} rows */
export function table(head, rows) {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

export function thousands(value) {
  return Math.round(value).toLocaleString('en-US');
}

/** Another one goes first in each round. @template T @param {readonly T[]} list @param {number} round @returns {T[]} */
export function turned(list, round) {
  const first = round % list.length;
  return [...list.slice(first), ...list.slice(0, first)];
}
