import type { PipelineCommand } from './run-pipeline.ts';

/** Asked at the end of a pipeline, told apart from every other of this connection. */
export interface StepQuestion {
  readonly command: PipelineCommand;
  readonly nonce: string;
}

/** `unanswered`: the connection was lost before. */
export type Step = 'in step' | 'out of step' | 'unanswered';

/**
 * Finds a connection whose replies no longer belong to its commands. Redis' protocol has no names for replies: where one is
 * lost on the way and the connection lives on, every command has the reply of a later one from then on, and while there is
 * traffic no timeout shows it. So a pipeline ends in an ECHO of what nobody has asked before, and its answer proves the rest.
 */
export class StepCheck {
  readonly #everyMs: number;
  #asked = 0;
  #nextAtMs = Number.NEGATIVE_INFINITY;
  #allowed = true;

  /** `everyMs`: what is proven at least; 0 for each pipeline. */
  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  /** Null where the last one was lately. */
  next(nowMs: number): StepQuestion | null {
    if (!this.#allowed || nowMs < this.#nextAtMs) return null;
    this.#nextAtMs = nowMs + this.#everyMs;
    this.#asked += 1;
    const nonce = `step ${this.#asked}`;
    return { nonce, command: { name: 'echo', args: [nonce] } };
  }

  /** Something looks wrong: the next pipeline is asked, whenever it comes. */
  suspect(): void {
    this.#nextAtMs = Number.NEGATIVE_INFINITY;
  }

  judge({ nonce }: StepQuestion, reply: unknown): Step {
    if (Buffer.isBuffer(reply)) return reply.toString() === nonce ? 'in step' : 'out of step';
    if (!(reply instanceof Error)) return 'out of step';
    if (reply.name !== 'ReplyError') return 'unanswered';
    // All that a busy server says, to whomever.
    if (reply.message.startsWith('BUSY')) return 'in step';
    if (!/^(NOPERM|ERR unknown command)/.test(reply.message)) return 'out of step';
    // A user that may not ask is taken at Redis' word.
    this.#allowed = false;
    return 'in step';
  }
}
