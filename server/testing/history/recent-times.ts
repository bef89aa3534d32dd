/** When something of a name first happened, for the last one or two spans of time: memory depends on how much happens, not on how long. */
export class RecentTimes {
  readonly #spanUs: number;
  #times = new Map<string, number>();
  #older = new Map<string, number>();
  #turnAtUs = Number.NEGATIVE_INFINITY;

  constructor(spanUs: number) {
    this.#spanUs = spanUs;
  }

  /** Times only grow. */
  add(name: string, atUs: number): void {
    if (atUs > this.#turnAtUs) {
      this.#turnAtUs = atUs + this.#spanUs;
      this.#older = this.#times;
      this.#times = new Map();
    }
    if (this.get(name) === undefined) this.#times.set(name, atUs);
  }

  get(name: string): number | undefined {
    return this.#times.get(name) ?? this.#older.get(name);
  }
}
