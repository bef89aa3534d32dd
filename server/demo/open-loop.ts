import type { Random } from './random.ts';

/** Requests that are under way at once; further arrivals are turned away, as a server does. */
const UNDER_WAY_MAX = 400;
/** After a pause of the process only so much is caught up. */
const CATCH_UP_MS_MAX = 1_000;

export interface OpenLoop {
  turnedAway(): number;
  /** Starts no further request; resolves when those under way have settled, at the latest after `msMax`. */
  stop(msMax: number): Promise<void>;
}

/**
 * Starts requests at a constant average rate with the gaps of independent visitors (Poisson), however long each takes: a closed
 * loop would slow down with the server and hide its stalls.
 * @param request must not reject
 */
export function startOpenLoop(perSecond: number, random: Random, request: () => Promise<void>): OpenLoop {
  const underWay = new Set<Promise<void>>();
  let turnedAway = 0;
  let nextMs = performance.now();
  let timer: NodeJS.Timeout | undefined;

  const arrive = () => {
    const nowMs = performance.now();
    nextMs = Math.max(nextMs, nowMs - CATCH_UP_MS_MAX);
    while (nextMs <= nowMs) {
      nextMs += (-Math.log(1 - random()) * 1_000) / perSecond;
      if (underWay.size >= UNDER_WAY_MAX) turnedAway += 1;
      else {
        const running = request().finally(() => underWay.delete(running));
        underWay.add(running);
      }
    }
    timer = setTimeout(arrive, nextMs - nowMs);
  };
  arrive();

  return {
    turnedAway: () => turnedAway,
    async stop(msMax) {
      clearTimeout(timer);
      let limit: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        limit = setTimeout(resolve, msMax);
      });
      await Promise.race([Promise.all(underWay), late]);
      clearTimeout(limit);
    },
  };
}
