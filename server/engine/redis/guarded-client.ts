import type { Redis } from 'ioredis';
import { Breaker, type BreakerReason, type BreakerState } from '../breaker.ts';
import type { Clock } from '../clock.ts';
import { learnReplid } from './learn-replid.ts';
import { type Step, StepCheck, type StepQuestion } from './step-check.ts';
import { withDeadline } from './with-deadline.ts';

export interface GuardedClientOptions {
  clock: Clock;
  deadlineMs: number;
  onBreaker: (state: BreakerState, reason: BreakerReason) => void;
  /** Replies are proven to belong to their commands at least this often; 0 for each pipeline. */
  stepEveryMs: number;
  /** They did not, and the connection was ended. */
  onOutOfStep: () => void;
  /** The server behind this connection is another than before, or the same after a restart (rule 12). */
  onAnotherServer?: () => void;
}

/** A call that takes this share of the deadline counts as slow. */
const SLOW_SHARE = 0.8;

/** A client with what guards it: a breaker, and the knowledge of which server it talks to. */
export class GuardedClient {
  readonly client: Redis;
  readonly breaker: Breaker;
  readonly #options: GuardedClientOptions;
  readonly #usableListeners = new Set<() => void>();
  #step: StepCheck;
  #replid: string | null | undefined = undefined;
  #lastReplid: string | null = null;
  #lastError: Error | null = null;

  constructor(client: Redis, options: GuardedClientOptions) {
    const { clock, deadlineMs } = options;
    this.client = client;
    this.#options = options;
    this.#step = new StepCheck(options.stepEveryMs);
    // As strict as a read: a Redis that answers too late is not back.
    const probe = async () => this.usable && (await withDeadline(() => client.ping(), SLOW_SHARE * deadlineMs, clock)).ok;
    this.breaker = new Breaker({ clock, slowMs: SLOW_SHARE * deadlineMs, probe, onChange: options.onBreaker });
    client.on('close', () => {
      this.#replid = undefined;
      this.#step = new StepCheck(options.stepEveryMs);
    });
    client.on('error', (error) => {
      this.#lastError = error;
    });
    client.on('ready', () => {
      this.#lastError = null;
      this.#learn().catch(() => {
        // A server that takes commands and tells nothing of itself: another connection may fare better.
        if (client.status === 'ready') client.disconnect(true);
      });
    });
  }

  /** True while commands may be sent: connected, and the server has said which one it is. */
  get usable(): boolean {
    return this.#replid !== undefined && this.client.status === 'ready';
  }

  /** `master_replid` of the server behind this connection: another after each restart and promotion. Null for a service that tells none. */
  get replid(): string | null {
    return this.#replid ?? null;
  }

  /** What went wrong last on the way to a connection; null while nothing did since one stood. */
  get lastError(): Error | null {
    return this.#lastError;
  }

  /** What a pipeline that is sent now must end in; null for nothing. */
  nextStepQuestion(): StepQuestion | null {
    return this.#step.next(this.#options.clock.monotonicMs());
  }

  /** A reply was not what its command could have got: the next pipeline says whether the connection is to blame. */
  suspect(): void {
    this.#step.suspect();
  }

  /** Whether the replies before this one belong to their commands. If not, the connection is at its end. */
  judgeStep(question: StepQuestion, reply: unknown): Step {
    const step = this.#step.judge(question, reply);
    if (step === 'out of step') {
      this.client.stream.destroy();
      this.#options.onOutOfStep();
    }
    return step;
  }

  /** Called each time that the connection becomes usable. Returns the way to stop. */
  onUsable(listener: () => void): () => void {
    this.#usableListeners.add(listener);
    return () => {
      this.#usableListeners.delete(listener);
    };
  }

  /** Asks again which server this is: one that was demoted and promoted again keeps its connections, and has another name since. */
  async learnAgain(): Promise<void> {
    if (!this.usable) return;
    const { client } = this;
    const { stream } = client;
    const answer = await withDeadline(() => learnReplid(client), this.#options.deadlineMs, this.#options.clock);
    if (answer.ok && this.usable && client.stream === stream) this.#know(answer.value);
  }

  close(): void {
    this.breaker.close();
    this.#usableListeners.clear();
    this.client.disconnect();
  }

  async #learn(): Promise<void> {
    const replid = await learnReplid(this.client);
    if (this.client.status !== 'ready') return;
    this.#know(replid);
    for (const listener of this.#usableListeners) listener();
  }

  #know(replid: string | null): void {
    this.#replid = replid;
    const another = this.#lastReplid !== null && replid !== this.#lastReplid;
    this.#lastReplid = replid;
    if (another) this.#options.onAnotherServer?.();
  }
}
