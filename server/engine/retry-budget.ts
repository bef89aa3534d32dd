/** Of all loads, one in ten may be a repeat; so many may be saved up. */
const EARNED_BY_A_LOAD = 0.1;
const SAVED_MAX = 10;

/** Repeats of failed loads for a whole process: an origin in trouble gets a tenth more calls at most, not several times as many. */
export class RetryBudget {
  #saved = SAVED_MAX;

  /** A first attempt began. */
  earn(): void {
    this.#saved = Math.min(SAVED_MAX, this.#saved + EARNED_BY_A_LOAD);
  }

  /** True if one more attempt may be made. */
  spend(): boolean {
    if (this.#saved < 1) return false;
    this.#saved -= 1;
    return true;
  }
}
