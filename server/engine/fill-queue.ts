import { askRedis, integerOf } from './ask-redis.ts';
import type { EngineContext } from './engine-context.ts';
import type { EntityState } from './entity-state.ts';
import { sealEnvelope } from './envelope.ts';
import { leaseKey } from './keys.ts';
import type { Lease } from './lease.ts';
import { jitteredTtlMs } from './policy.ts';
import { fillEntry, scriptCommand } from './scripts.ts';

/** Fills under way at most; one more is dropped and its lease given back. */
const FILLS_MAX = 1_000;

export interface Fill {
  readonly entity: EntityState;
  readonly id: string;
  readonly lease: Lease;
  readonly payload: Buffer;
  /** Start of the load, Redis ms. */
  readonly createdMs: number;
  readonly loadCostMs: number;
}

/** Writes what was loaded, off the request path (rule 2): the caller has its answer already. */
export class FillQueue {
  readonly #context: EngineContext;
  readonly #underWay = new Set<Promise<void>>();

  constructor(context: EngineContext) {
    this.#context = context;
  }

  /** Resolves when the entry stands or its lease is given back; never rejects. */
  add(fill: Fill): Promise<void> {
    const running = this.#fill(fill).finally(() => this.#underWay.delete(running));
    this.#underWay.add(running);
    return running;
  }

  /** Resolves when no fill is under way; each is bounded by its deadline. */
  async drain(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  async #fill(fill: Fill): Promise<void> {
    const { entity, id, lease } = fill;
    const { bus } = this.#context;
    const { counts } = entity.metrics;
    lease.end();
    const command = this.#underWay.size >= FILLS_MAX ? null : fillCommand(this.#context, fill);
    if (command === null) {
      bus.emit({ type: 'fill', entity: entity.name, id, result: 'dropped' });
      return lease.release();
    }
    const answer = await askRedis(this.#context, this.#context.lease, [command]);
    const stored = answer.ok ? integerOf(answer.replies[0]) : null;
    if (stored === 1) counts.fills += 1;
    else if (stored === 0) counts.fillsRejected += 1;
    bus.emit({ type: 'fill', entity: entity.name, id, result: stored === 1 ? 'stored' : stored === 0 ? 'rejected' : 'failed' });
    // Refused, out of memory for one: who waits must not wait for the lease to run out.
    if (stored === null) await lease.release();
  }
}

/** The script that stores a value while its lease stands; null if the value has expired already. */
export function fillCommand(context: EngineContext, fill: Fill): ReturnType<typeof scriptCommand> | null {
  const { entity, lease, payload, createdMs, loadCostMs } = fill;
  const freshUntilMs = createdMs + jitteredTtlMs(entity.policy, context.random());
  const expiresMs = freshUntilMs + entity.policy.staleMs;
  const remainingMs = Math.ceil(expiresMs - context.redisNow());
  if (remainingMs <= 0) return null;
  const envelope = sealEnvelope(lease.key, payload, { createdMs, freshUntilMs, expiresMs, loadCostMs });
  return scriptCommand(fillEntry, [lease.key, leaseKey(lease.key)], [lease.token, envelope, remainingMs, context.inboxPrefix]);
}
