'use client';
import { oldSince } from '../live/old-since.ts';
import { useByServerClock } from '../live/server-now.ts';
import { exactClock } from './time-axis.ts';

/** "as of 12:03:04" beside a figure that no longer tells of now; null while it does. The arguments of `oldSince`. */
export function useAsOf(knownToMs: number | null, askedEachMs = 0): string | null {
  const old = useByServerClock((nowMs) => oldSince(knownToMs, nowMs, askedEachMs));
  return old === null ? null : `as of ${exactClock(old)}`;
}
