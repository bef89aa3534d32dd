import { DatabaseError } from 'pg';
import type { TroubleLog } from './trouble-log.ts';

const AGAIN_MS = 1_000;

/**
 * Runs `work` until the origin is there for it: a service outlives a database that starts later or goes away for a while.
 * Resolves with undefined when told to end first; rejects with what the origin judged and refused.
 */
export async function reachOrigin<T>(
  work: () => Promise<T>,
  trouble: TroubleLog,
  signal: AbortSignal,
  pause: (ms: number) => Promise<void>,
): Promise<T | undefined> {
  while (!signal.aborted) {
    try {
      return await work();
    } catch (error) {
      if (!isAway(error)) throw error;
      trouble.failed(error);
      await pause(AGAIN_MS);
    }
  }
  return undefined;
}

/** Refused connections, timeouts and a server that starts or ends; SQL that the origin refused is a fault of ours. */
function isAway(error: unknown): boolean {
  return !(error instanceof DatabaseError) || /^(08|28|53|57P|XX)/.test(error.code ?? '');
}
