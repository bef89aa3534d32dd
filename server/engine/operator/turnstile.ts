/**
 * One caller at a time, in the order of arrival, each followed by a pause that grows with what the turn cost: all
 * scans of one operator together leave Redis at least half of its time.
 */
export class Turnstile {
  #last: Promise<void> = Promise.resolve();

  /** Runs `turn` when those before are through. It returns how long Redis was busy, in ms. */
  pass(turn: () => Promise<number>): Promise<void> {
    const before = this.#last;
    const mine = before.then(turn);
    this.#last = mine.then(pause, () => pause(0));
    return mine.then(() => {});
  }
}

function pause(busyMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(1, busyMs)));
}
