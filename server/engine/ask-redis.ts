import { Buffer } from 'node:buffer';
import type { EngineContext } from './engine-context.ts';
import { Unavailable } from './errors.ts';
import type { GuardedClient } from './redis/guarded-client.ts';
import { type PipelineCommand, startPipeline } from './redis/run-pipeline.ts';
import type { Script } from './scripts.ts';

/** `replid`: of the server that answered (rule 12). */
export type Answer = { ok: true; replies: unknown[]; replid: string | null } | { ok: false; error: Error };

export interface AskOptions {
  /** A write must be tried, or refused by Redis itself. */
  evenIfOpen?: boolean;
  /** Called where the deadline has passed, with the replies once they come, or with the Errors of a connection that was lost. */
  late?: ((replies: readonly unknown[]) => void) | undefined;
}

/** A deadline that Redis had less of than this, because the process was busy, says nothing of Redis. */
const LATE_SHARE = 0.5;

const NOT_CONNECTED = new Unavailable('not connected to Redis');
const LOST = new Unavailable('a reply or the connection to Redis was lost');
const BREAKER_OPEN = new Unavailable('Redis has not answered lately, so it is spared until it does: the breaker is open');

/**
 * One pipeline within the engine's deadline. Never rejects. Each reply is a Buffer, number, array or the Error of its command.
 * What comes later is discarded, or told to `late`; that is safe because every write of the engine is conditional or idempotent.
 */
export function askRedis(
  context: EngineContext,
  guarded: GuardedClient,
  commands: readonly (PipelineCommand & { script?: Script })[],
  { evenIfOpen = false, late }: AskOptions = {},
): Promise<Answer> {
  if (!guarded.usable) return Promise.resolve({ ok: false, error: NOT_CONNECTED });
  if (guarded.breaker.open && !evenIfOpen) return Promise.resolve({ ok: false, error: BREAKER_OPEN });
  const { replid } = guarded;
  const { lag } = context;
  const startedMs = context.clock.monotonicMs();
  const missed = () => {
    if (lag.answerMs(startedMs) >= LATE_SHARE * context.deadlineMs) guarded.breaker.failed();
  };
  const question = guarded.nextStepQuestion();
  const sent = question === null ? commands : [...commands, question.command];
  return new Promise((resolve) => {
    const deadline = context.deadlines.watch(startedMs, () => {
      missed();
      resolve({ ok: false, error: context.deadlines.error });
    });
    startPipeline(guarded.client, sent, (replies) => {
      if (!deadline.settle()) {
        late?.(replies);
        return;
      }
      if (question !== null && guarded.judgeStep(question, replies.pop()) !== 'in step') {
        missed();
        resolve({ ok: false, error: LOST });
        return;
      }
      guarded.breaker.succeeded(lag.answerMs(startedMs));
      resolve({ ok: true, replies, replid });
    });
  });
}

/** A bulk reply as text; null for every other reply. */
export function textOf(reply: unknown): string | null {
  if (Buffer.isBuffer(reply)) return reply.toString();
  return typeof reply === 'string' ? reply : null;
}

/** An integer reply; null for every other reply. */
export function integerOf(reply: unknown): number | null {
  return typeof reply === 'number' ? reply : null;
}
