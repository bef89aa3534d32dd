'use client';
import { oldSince } from '../live/old-since.ts';
import { useByServerClock } from '../live/server-now.ts';
import { exactClock } from './time-axis.ts';

/** "as of 12:03:04" beside a figure that no longer tells of now; null while it does. `knownToMs`: the end of the newest second in it. */
export function useAsOf(knownToMs: number | null): string | null {
  const old = useByServerClock((nowMs) => oldSince(knownToMs, nowMs));
  return old === null ? null : `as of ${exactClock(old)}`;
}
