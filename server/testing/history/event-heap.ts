/** A binary min-heap: `push` and `pop` in O(log n). */
export class EventHeap<T> {
  readonly #items: { at: number; item: T }[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** The smallest time in it; Infinity when empty. */
  get firstAt(): number {
    return this.#items[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  push(at: number, item: T): void {
    const items = this.#items;
    let index = items.push({ at, item }) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#swapIfBefore(index, parent)) return;
      index = parent;
    }
  }

  pop(): T | undefined {
    const items = this.#items;
    const [first] = items;
    const last = items.pop();
    if (first === undefined || last === undefined) return undefined;
    if (items.length === 0) return first.item;
    items[0] = last;
    let index = 0;
    while (true) {
      const left = 2 * index + 1;
      const child = this.#at(left + 1) < this.#at(left) ? left + 1 : left;
      if (!this.#swapIfBefore(child, index)) return first.item;
      index = child;
    }
  }

  #at(index: number): number {
    return this.#items[index]?.at ?? Number.POSITIVE_INFINITY;
  }

  #swapIfBefore(later: number, earlier: number): boolean {
    const [a, b] = [this.#items[later], this.#items[earlier]];
    if (a === undefined || b === undefined || a.at >= b.at) return false;
    this.#items[later] = b;
    this.#items[earlier] = a;
    return true;
  }
}
