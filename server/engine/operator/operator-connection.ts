import type { Redis } from 'ioredis';
import type { Clock } from '../clock.ts';
import { causeOf, describeError, OperatorUnavailable } from '../errors.ts';
import { type ResolvedConnection, showAddress } from '../redis/connection.ts';
import { openClient } from '../redis/open-client.ts';
import { type PipelineCommand, runPipeline } from '../redis/run-pipeline.ts';
import { withDeadline } from '../redis/with-deadline.ts';
import type { Script } from '../scripts.ts';
import { AttemptError } from './attempt-error.ts';
import { explainConnectionError } from './explain-connection-error.ts';
import type { OperatorState } from './operator.ts';

/** What an unanswered command leaves behind: nothing, or a change that may have happened. */
export type Effect = 'reads' | 'changes';

/**
 * The commands connection of an operator: it connects for ever, knows in words why it cannot, and gives every command
 * the operator's deadline. Replies come as Buffers, lists and numbers; a command that Redis refused is an
 * `OperatorUnavailable` for the whole call.
 */
export class OperatorConnection {
  readonly client: Redis;
  readonly address: string;
  readonly clock: Clock;
  readonly #deadlineMs: number;
  readonly #tls: boolean;
  readonly #listeners = new Set<(state: OperatorState) => void>();
  readonly #firstAttempt: Promise<void>;
  #state: OperatorState;
  readonly #failure = new AttemptError();
  #closed = false;

  constructor(connection: ResolvedConnection, clock: Clock, deadlineMs: number) {
    this.address = showAddress(connection);
    this.clock = clock;
    this.#deadlineMs = deadlineMs;
    this.#tls = connection.tls !== null;
    this.#state = { state: 'connecting', since: clock.nowMs() };
    this.client = openClient(connection, 'operator', {
      commandTimeoutMs: deadlineMs,
      socketTimeoutMs: Math.max(500, deadlineMs),
      onError: (_problem, error) => this.#failure.add(error),
    });
    this.client.on('connecting', () => this.#failure.begin());
    this.#firstAttempt = new Promise((resolve) => {
      this.client.on('ready', () => {
        this.#learnServer().then(resolve, resolve);
      });
      this.client.on('close', () => {
        this.#isDown();
        resolve();
      });
    });
  }

  /** Resolves when the first attempt to connect has ended, well or not. */
  firstAttempt(): Promise<void> {
    return this.#firstAttempt;
  }

  state(): OperatorState {
    return this.#state;
  }

  onState(listener: (state: OperatorState) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** One pipeline, the change first. Rejects with `OperatorUnavailable` when Redis does not answer in time or refuses one of the commands. */
  async run(effect: Effect, commands: readonly (PipelineCommand & { script?: Script })[]): Promise<unknown[]> {
    return this.accepted(effect, await this.attempt(effect, commands));
  }

  /** The replies of a pipeline none of whose commands was refused; else throws as `run` rejects. */
  accepted(effect: Effect, replies: unknown[]): unknown[] {
    const refused = replies.find((reply) => reply instanceof Error);
    if (refused !== undefined)
      throw this.unavailable(refused, effect === 'reads' || (refused === replies[0] && isReply(refused)) ? 'no' : 'unknown');
    return replies;
  }

  /** As `run`; a refused command is its `Error` among the replies. */
  async attempt(effect: Effect, commands: readonly (PipelineCommand & { script?: Script })[]): Promise<unknown[]> {
    if (this.client.status !== 'ready') throw this.unavailable(this.#failure.cause, 'no');
    const result = await withDeadline(() => runPipeline(this.client, commands), this.#deadlineMs, this.clock);
    if (!result.ok) throw this.unavailable(result.error, effect === 'changes' ? 'unknown' : 'no');
    // A command that was lost or late among others that were answered.
    const lost = result.value.find((reply) => reply instanceof Error && !isReply(reply));
    if (lost !== undefined) throw this.unavailable(lost, effect === 'changes' ? 'unknown' : 'no');
    return result.value;
  }

  unavailable(cause: unknown, applied: 'no' | 'unknown'): OperatorUnavailable {
    const reason =
      this.#state.state === 'down'
        ? this.#state.reason
        : this.#state.state === 'connecting'
          ? `${this.address}: still connecting`
          : isReply(cause)
            ? `${this.address} refused the command (${describeError(cause)})`
            : this.#explain(cause);
    return new OperatorUnavailable(reason, applied, { cause: causeOf(cause) });
  }

  close(): void {
    this.#closed = true;
    this.#listeners.clear();
    this.client.disconnect();
  }

  /** Up only once INFO has answered: something that says PONG is not yet a Redis that can be operated. */
  async #learnServer(): Promise<void> {
    const result = await withDeadline(() => this.client.info(), this.#deadlineMs, this.clock);
    if (this.client.status !== 'ready') return;
    if (!result.ok) {
      this.#failure.add(result.error);
      this.client.disconnect(true);
      return;
    }
    const version = /^(?:valkey_version|redis_version):([\w.-]{1,32})/m.exec(result.value)?.[1] ?? 'unknown';
    this.#failure.connected();
    this.#become({ state: 'up', since: this.clock.nowMs(), version });
  }

  #isDown(): void {
    if (this.#closed) return;
    const { cause } = this.#failure;
    const reason = cause === null ? `${this.address} closed the connection` : this.#explain(cause);
    if (this.#state.state === 'down' && this.#state.reason === reason) return;
    const since = this.#state.state === 'down' ? this.#state.since : this.clock.nowMs();
    this.#become({ state: 'down', since, reason });
  }

  #explain(cause: unknown): string {
    return explainConnectionError(cause, this.address, { tls: this.#tls, stood: this.#state.state === 'up' });
  }

  #become(state: OperatorState): void {
    this.#state = state;
    for (const listener of [...this.#listeners]) listener(state);
  }
}

/** An error reply of Redis (`OOM …`, `NOPERM …`), as against a lost or late one. */
function isReply(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError';
}
