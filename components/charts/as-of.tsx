'use client';
import { useAsOf } from './use-as-of.ts';

/**
 * Stands beside figures that no longer tell of now, and nowhere else; what holds it is dimmed by `:has([data-as-of])`. A component
 * of its own, so that nothing is drawn again but these words. `knownToMs`: the end of the newest second in the figures.
 */
export function AsOf({ knownToMs }: { knownToMs: number | null }) {
  const asOf = useAsOf(knownToMs);
  return asOf === null ? null : <span data-as-of>{asOf}</span>;
}
