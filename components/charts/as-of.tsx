'use client';
import { useAsOf } from './use-as-of.ts';

interface AsOfProps {
  /** The end of the newest second in the figures, ms since 1970; null where nothing is known. */
  knownToMs: number | null;
  /** Of figures that are asked for each so many ms, where the stream does not bring them. */
  askedEachMs?: number;
}

/**
 * Stands beside figures that no longer tell of now, and nowhere else; what holds it is dimmed by `:has([data-as-of])`. A component
 * of its own, so that nothing is drawn again but these words.
 */
export function AsOf({ knownToMs, askedEachMs = 0 }: AsOfProps) {
  const asOf = useAsOf(knownToMs, askedEachMs);
  return asOf === null ? null : <span data-as-of>{asOf}</span>;
}
