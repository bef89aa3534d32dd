import type { Loader } from './cache.ts';
import type { Clock } from './clock.ts';
import { LoadTimeout } from './errors.ts';
import type { LoadTerms } from './load-terms.ts';
import type { RetryBudget } from './retry-budget.ts';

const BACKOFF_MS = 50;

export interface RunLoaderOptions {
  /** What the loader is given. */
  terms: LoadTerms;
  clock: Clock;
  random: () => number;
  budget: RetryBudget;
  /** Over all attempts. */
  timeoutMs: number;
  /** Attempts after the first, as far as the process' budget allows. */
  retriesMax: number;
}

/**
 * Calls the loader, and again after a jittered pause while it fails and may. Rejects with the last error as it is, or with
 * `LoadTimeout`; its signal is aborted then.
 */
export function runLoader(load: Loader<unknown>, options: RunLoaderOptions): Promise<unknown> {
  const { terms, clock, random, budget, timeoutMs, retriesMax } = options;
  return new Promise((resolve, reject) => {
    let cancelPause = () => {};
    let late = false;
    const cancelTimeout = clock.after(timeoutMs, () => {
      late = true;
      cancelPause();
      const timeout = new LoadTimeout(`the loader did not answer within ${timeoutMs} ms`);
      reject(timeout);
      terms.abort(timeout);
    });
    const attempt = (number: number) => {
      // `settle` of the executor's promise makes a loader that throws at once the same as one that rejects.
      new Promise((settle) => settle(load(terms))).then(
        (value) => {
          cancelTimeout();
          resolve(value);
        },
        (error: unknown) => {
          if (late) return;
          if (number > retriesMax || !budget.spend()) {
            cancelTimeout();
            reject(error);
            return;
          }
          cancelPause = clock.after(BACKOFF_MS * 2 ** (number - 1) * (0.5 + random()), () => attempt(number + 1));
        },
      );
    };
    budget.earn();
    attempt(1);
  });
}
