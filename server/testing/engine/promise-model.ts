/** What the cache has promised of one key. Values are numbers: the origin's counts up with each of its writes. */
export interface KeyPromise {
  /** What the origin holds now. */
  origin: number;
  /** No strict read returns less: what stood at the last acknowledged hard invalidation, set or bump. */
  floor: number;
  /** Nothing less is called fresh: a soft invalidation raises this alone. */
  freshFloor: number;
  /** The floors that an undo of the last bump would bring back, raised by what was invalidated or set since. Null: nothing to undo. */
  undone: { floor: number; freshFloor: number } | null;
}

/** The promise of the protocol for the keys of one entity, as plainly as it can be said. Nothing here knows how the engine works. */
export class PromiseModel {
  readonly keys: Map<string, KeyPromise>;
  undoable = false;

  constructor(ids: readonly string[]) {
    this.keys = new Map(ids.map((id) => [id, { origin: 1, floor: 0, freshFloor: 0, undone: null }]));
  }

  of(id: string): KeyPromise {
    const promise = this.keys.get(id);
    if (promise === undefined) throw new Error(`no key ${id}`);
    return promise;
  }

  writeOrigin(id: string): number {
    const key = this.of(id);
    key.origin += 1;
    return key.origin;
  }

  /** `since`: what the origin held when the invalidation was called, or what a set wrote. */
  invalidated(id: string, since: number): void {
    const key = this.of(id);
    key.floor = Math.max(key.floor, since);
    key.freshFloor = Math.max(key.freshFloor, since);
    if (key.undone === null) return;
    key.undone.floor = Math.max(key.undone.floor, since);
    key.undone.freshFloor = Math.max(key.undone.freshFloor, since);
  }

  markedStale(id: string, since: number): void {
    const key = this.of(id);
    key.freshFloor = Math.max(key.freshFloor, since);
    if (key.undone !== null) key.undone.freshFloor = Math.max(key.undone.freshFloor, since);
  }

  bumped(): void {
    for (const key of this.keys.values()) {
      key.undone = { floor: key.floor, freshFloor: key.freshFloor };
      key.floor = key.origin;
      key.freshFloor = key.origin;
    }
    this.undoable = true;
  }

  /** It withdraws what the bump promised, and nothing else. */
  undone(): void {
    for (const key of this.keys.values()) {
      if (key.undone !== null) Object.assign(key, key.undone);
      key.undone = null;
    }
    this.undoable = false;
  }

  /** The record, or all of Redis, was lost: what stands is as after a bump that nobody can undo. */
  lost(): void {
    for (const key of this.keys.values()) key.undone = null;
    this.undoable = false;
  }
}
