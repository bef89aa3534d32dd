import { askRedis, integerOf } from './ask-redis.ts';
import type { EngineContext } from './engine-context.ts';
import { type CacheKey, leaseKey } from './keys.ts';
import type { GuardedClient } from './redis/guarded-client.ts';
import { scriptCommand } from './redis/run-pipeline.ts';
import { releaseLease, renewLease } from './scripts.ts';

/** A token that stands, as far as this instance knows, in one lease; renewed at a third of its length until it is ended. */
export class Lease {
  readonly key: CacheKey;
  /** The namespace of `key`. */
  readonly ns: string;
  readonly token: string;
  readonly #context: EngineContext;
  readonly #guarded: GuardedClient;
  readonly #leaseMs: number;
  #cancel: () => void = () => {};
  #lost = false;
  #ended = false;

  constructor(context: EngineContext, guarded: GuardedClient, held: { key: CacheKey; ns: string; token: string; leaseMs: number }) {
    this.#context = context;
    this.#guarded = guarded;
    this.key = held.key;
    this.ns = held.ns;
    this.token = held.token;
    this.#leaseMs = held.leaseMs;
    this.#schedule();
  }

  /** True once Redis has said that another token, or none, stands there: nothing will be filled under it. */
  get lost(): boolean {
    return this.#lost;
  }

  /** No more renewals: it is about to be filled or given back. */
  end(): void {
    this.#ended = true;
    this.#cancel();
  }

  /** Gives it back unfilled and wakes who waits; if Redis does not answer, it runs out by itself. */
  async release(): Promise<void> {
    this.end();
    if (this.#lost) return;
    const { key, token } = this;
    await askRedis(this.#context, this.#guarded, [scriptCommand(releaseLease, [key, leaseKey(key)], [token, this.#context.inboxPrefix])], {
      evenIfOpen: true,
    });
  }

  #schedule(): void {
    this.#cancel = this.#context.clock.after(this.#leaseMs / 3, () => {
      this.#renew().then(
        () => {
          if (!this.#ended && !this.#lost) this.#schedule();
        },
        // `askRedis` never rejects.
        () => {},
      );
    });
  }

  async #renew(): Promise<void> {
    const answer = await askRedis(this.#context, this.#guarded, [
      scriptCommand(renewLease, [leaseKey(this.key)], [this.token, this.#leaseMs]),
    ]);
    if (answer.ok && integerOf(answer.replies[0]) === 0) this.#lost = true;
  }
}
