import type { Loader } from './cache.ts';
import type { Clock } from './clock.ts';
import { LoadTimeout } from './errors.ts';

/** Calls the loader once. Rejects with its own error as it is, or with `LoadTimeout`; its signal is aborted then. */
export function runLoader(load: Loader<unknown>, timeoutMs: number, clock: Clock): Promise<unknown> {
  const controller = new AbortController();
  return new Promise((resolve, reject) => {
    const cancel = clock.after(timeoutMs, () => {
      const timeout = new LoadTimeout(`the loader did not answer within ${timeoutMs} ms`);
      reject(timeout);
      controller.abort(timeout);
    });
    // `resolve` of the executor's promise makes a loader that throws at once the same as one that rejects.
    new Promise((settle) => settle(load({ signal: controller.signal }))).then(resolve, reject).finally(cancel);
  });
}
