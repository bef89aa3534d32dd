import type { SubscriberHub } from './redis/subscriber-hub.ts';

/** `told`: filled or revoked. `untold`: nothing is known of a change; a lease that was given back unfilled is none. */
export type Wake = 'told' | 'untold';

/** The pushes that tell a waiter to look again (rule 6): `w`, or `r` for a lease given back, and a data key, on this instance's inbox. */
export class WakeUps {
  readonly #waiting = new Map<string, Set<(how: Wake) => void>>();
  readonly #unsubscribe: () => void;

  constructor(hub: SubscriberHub, inbox: string) {
    this.#unsubscribe = hub.subscribe(inbox, (payload) => {
      if (payload.startsWith('w')) this.#wake(payload.slice(1), 'told');
      else if (payload.startsWith('r')) this.#wake(payload.slice(1), 'untold');
    });
  }

  /** Calls `run` at each wake of this key until the returned function is called. */
  listen(key: string, run: (how: Wake) => void): () => void {
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

  #wake(key: string, how: Wake): void {
    for (const run of [...(this.#waiting.get(key) ?? [])]) run(how);
  }
}
