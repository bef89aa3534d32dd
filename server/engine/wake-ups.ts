import type { SubscriberHub } from './redis/subscriber-hub.ts';

/** The pushes that tell a waiter to look again (rule 6): `w` and a data key, on this instance's inbox. */
export class WakeUps {
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #unsubscribe: () => void;

  constructor(hub: SubscriberHub, inbox: string) {
    this.#unsubscribe = hub.subscribe(inbox, (payload) => {
      if (payload.startsWith('w')) this.#wake(payload.slice(1));
    });
  }

  /** Calls `run` at each wake of this key until the returned function is called. */
  listen(key: string, run: () => void): () => void {
    let listeners = this.#waiting.get(key);
    if (listeners === undefined) {
      listeners = new Set();
      this.#waiting.set(key, listeners);
    }
    const known = listeners;
    known.add(run);
    return () => {
      known.delete(run);
      if (known.size === 0 && this.#waiting.get(key) === known) this.#waiting.delete(key);
    };
  }

  close(): void {
    this.#unsubscribe();
    this.#waiting.clear();
  }

  #wake(key: string): void {
    for (const run of [...(this.#waiting.get(key) ?? [])]) run();
  }
}
