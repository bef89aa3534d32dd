import type { LiveSnapshot } from './live-store.ts';

/** A second comes each second: so long without one is no hiccup, and no tab that was just looked at again. */
const SILENT_AFTER_MS = 10_000;

/** True when nothing comes of a stream that should bring something: the console, or the way to it, is away. */
export function isSilent({ status, statusSinceMs, receivedAtMs }: LiveSnapshot, browserNowMs: number): boolean {
  if (status === 'paused' || status === 'signed-out') return false;
  return browserNowMs - Math.max(statusSinceMs, receivedAtMs) > SILENT_AFTER_MS;
}
