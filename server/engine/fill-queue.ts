import { type Answer, askRedis, integerOf } from './ask-redis.ts';
import type { EngineContext } from './engine-context.ts';
import type { EntityState } from './entity-state.ts';
import { ENVELOPE_HEAD_BYTES, type EncodedPayload, renewHead, sealEnvelope } from './envelope.ts';
import { leaseKey } from './keys.ts';
import type { Lease } from './lease.ts';
import { jitteredTtlMs } from './policy.ts';
import { scriptCommand } from './redis/run-pipeline.ts';
import { extendEntry, fillEntry } from './scripts.ts';

/** Fills waiting or under way at most; one more is dropped and its lease given back. */
const FILLS_MAX = 1_000;
/** One pipeline carries no more than this, so that a deadline fits it. */
const BATCH_MAX = 64;
const BATCH_BYTES_MAX = 1024 * 1024;

export interface Fill {
  readonly entity: EntityState;
  readonly id: string;
  readonly lease: Lease;
  /** A value, or the entry as it was read, whose value is still right. */
  readonly content: { readonly kind: 'value'; readonly payload: EncodedPayload } | { readonly kind: 'unchanged'; readonly entry: Buffer };
  /** Null: the policy's. */
  readonly ttlMs: number | null;
  /** Start of the load, Redis ms. */
  readonly createdMs: number;
  readonly loadCostMs: number;
}

interface QueuedFill {
  readonly fill: Fill;
  readonly queuedAtMs: number;
  /** Called once, when the entry stands or its lease is given back. */
  readonly done: () => void;
}

/** Writes what was loaded, off the request path (rule 2): the caller has its answer already. A turn's fills go out as one pipeline. */
export class FillQueue {
  readonly #context: EngineContext;
  #underWay = 0;
  #waiting: QueuedFill[] = [];
  #drained: (() => void)[] = [];
  #lagMsMax = 0;

  constructor(context: EngineContext) {
    this.#context = context;
  }

  /** `done` is called once, when the entry stands or its lease is given back. */
  add(fill: Fill, done: () => void): void {
    const queued: QueuedFill = { fill, queuedAtMs: this.#context.clock.monotonicMs(), done };
    this.#underWay += 1;
    if (this.#underWay > FILLS_MAX) {
      this.#drop(queued);
    } else if (this.#waiting.push(queued) === 1) {
      // Two turns: what the callers ask for next goes first, also on the connection that both share.
      setImmediate(() => setImmediate(() => this.#flush()));
    }
  }

  /** Resolves when no fill is under way; each is bounded by its deadline. */
  drain(): Promise<void> {
    return this.#underWay === 0 ? Promise.resolve() : new Promise((resolve) => this.#drained.push(resolve));
  }

  /** Fills that have not ended, and the longest way from load to entry since the last call. */
  takeLag(): { waiting: number; lagMsMax: number } {
    const lagMsMax = this.#lagMsMax;
    this.#lagMsMax = 0;
    return { waiting: this.#underWay, lagMsMax };
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    let batch: QueuedFill[] = [];
    let bytes = 0;
    for (const queued of waiting) {
      const { content } = queued.fill;
      const size = content.kind === 'value' ? content.payload.bytes.length : ENVELOPE_HEAD_BYTES;
      if (batch.length > 0 && (batch.length >= BATCH_MAX || bytes + size > BATCH_BYTES_MAX)) {
        this.#send(batch);
        batch = [];
        bytes = 0;
      }
      batch.push(queued);
      bytes += size;
    }
    this.#send(batch);
  }

  #send(batch: readonly QueuedFill[]): void {
    const commands: NonNullable<ReturnType<typeof fillCommand>>[] = [];
    const sent: QueuedFill[] = [];
    for (const queued of batch) {
      queued.fill.lease.end();
      const command = fillCommand(this.#context, queued.fill);
      if (command === null) {
        this.#drop(queued);
        continue;
      }
      commands.push(command);
      sent.push(queued);
    }
    if (sent.length === 0) return;
    const settle = (answer: Answer) => {
      for (const [index, queued] of sent.entries()) this.#settle(queued, answer.ok ? integerOf(answer.replies[index]) : null);
    };
    askRedis(this.#context, this.#context.lease, commands).then(settle, (error: Error) => settle({ ok: false, error }));
  }

  #settle(queued: QueuedFill, stored: number | null): void {
    const { entity, id } = queued.fill;
    const { counts } = entity.metrics;
    if (stored === 1) counts.fills += 1;
    else if (stored !== null) counts.fillsRejected += 1;
    this.#lagMsMax = Math.max(this.#lagMsMax, this.#context.clock.monotonicMs() - queued.queuedAtMs);
    this.#context.bus.emit({
      type: 'fill',
      entity: entity.name,
      id,
      result: stored === 1 ? 'stored' : stored === null ? 'failed' : 'rejected',
    });
    // Refused, out of memory for one: who waits must not wait for the lease to run out.
    if (stored === null) this.#release(queued);
    else this.#end(queued);
  }

  #drop(queued: QueuedFill): void {
    const { entity, id } = queued.fill;
    this.#context.bus.emit({ type: 'fill', entity: entity.name, id, result: 'dropped' });
    this.#release(queued);
  }

  #release(queued: QueuedFill): void {
    const end = () => this.#end(queued);
    queued.fill.lease.release().then(end, end);
  }

  #end({ done }: QueuedFill): void {
    this.#underWay -= 1;
    done();
    if (this.#underWay === 0) for (const drained of this.#drained.splice(0)) drained();
  }
}

/** The script that stores a value while its lease stands; null if the value has expired already. */
export function fillCommand(context: EngineContext, fill: Fill): ReturnType<typeof scriptCommand> | null {
  const { entity, lease, content, createdMs, loadCostMs } = fill;
  const { policy } = entity;
  const absent = content.kind === 'value' && content.payload.codec === 'absent';
  const ttlMs = fill.ttlMs ?? (absent ? policy.notFoundTtlMs : policy.ttlMs);
  const freshUntilMs = createdMs + jitteredTtlMs({ ttlMs, jitter: policy.jitter }, context.random());
  const expiresMs = freshUntilMs + (absent ? 0 : policy.staleMs);
  const remainingMs = Math.ceil(expiresMs - context.redisNow());
  if (remainingMs <= 0) return null;
  const keys = [lease.key, leaseKey(lease.key)];
  const times = { createdMs, freshUntilMs, expiresMs, loadCostMs };
  const keptMs = remainingMs + policy.staleIfErrorMs;
  if (content.kind === 'value') {
    const envelope = sealEnvelope(lease.key, content.payload, times);
    return scriptCommand(fillEntry, keys, [lease.token, envelope, keptMs, context.inboxPrefix]);
  }
  const seen = content.entry.subarray(0, ENVELOPE_HEAD_BYTES);
  return scriptCommand(extendEntry, keys, [lease.token, seen, renewHead(content.entry, times), keptMs, context.inboxPrefix]);
}
