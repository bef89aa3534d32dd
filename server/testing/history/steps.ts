/** A value that changes at known times. Times only grow; what is older than the horizon can be forgotten. */
export class Steps<T> {
  #steps: { atUs: number; value: T }[] = [];
  /** Index of the oldest step kept: cutting an array's head at each prune would cost its length. */
  #from = 0;

  get last(): T | undefined {
    return this.#steps.at(-1)?.value;
  }

  get lastAtUs(): number {
    return this.#steps.at(-1)?.atUs ?? Number.NEGATIVE_INFINITY;
  }

  push(atUs: number, value: T): void {
    this.#steps.push({ atUs, value });
  }

  /** What held just before `atUs`: the last step that is strictly older. */
  before(atUs: number): T | undefined {
    let low = this.#from;
    let high = this.#steps.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#steps[middle]?.atUs ?? Number.POSITIVE_INFINITY) < atUs) low = middle + 1;
      else high = middle;
    }
    return low === this.#from ? undefined : this.#steps[low - 1]?.value;
  }

  /** Forgets what only questions about times up to `horizonUs` would need. */
  prune(horizonUs: number): void {
    while (this.#from + 1 < this.#steps.length && (this.#steps[this.#from + 1]?.atUs ?? 0) < horizonUs) this.#from += 1;
    if (this.#from < 1_024 || this.#from * 2 < this.#steps.length) return;
    this.#steps = this.#steps.slice(this.#from);
    this.#from = 0;
  }

  clear(): void {
    this.#steps = [];
    this.#from = 0;
  }
}
