import { OperatorUnavailable } from 'sideboard-engine';
import type { ErrorLog } from '../control/deps.ts';
import { StoreUnavailable } from '../db/store.ts';

/** Runs `work` again and again, `everyMs` after it ended, until the signal. Resolves once the last run is over. */
export async function loop(
  name: string,
  everyMs: number,
  work: () => Promise<void> | void,
  signal: AbortSignal,
  log: ErrorLog,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await work();
    } catch (error) {
      // An outage has its own state, shown on every page: it is no line in the log each second.
      const outage = error instanceof OperatorUnavailable || error instanceof StoreUnavailable;
      if (!outage && !signal.aborted) log.error({ err: error, loop: name }, 'a background loop failed and goes on');
    }
    await pause(everyMs, signal);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted || ms === 0) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    timer.unref();
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
