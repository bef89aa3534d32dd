import type { Clock } from './clock.ts';
import type { EventBus } from './events.ts';
import type { FaultSwitch } from './fault/fault-switch.ts';
import type { LoopLag } from './loop-lag.ts';
import type { KeySpaceRef } from './operator/operator.ts';
import type { OriginBulkhead } from './origin-bulkhead.ts';
import type { Deadlines } from './redis/deadlines.ts';
import type { GuardedClient } from './redis/guarded-client.ts';
import type { RetryBudget } from './retry-budget.ts';
import type { TopKeys } from './top-keys.ts';

/** What the parts of one cache share. */
export interface EngineContext {
  readonly ref: KeySpaceRef;
  /** 16 of [0-9a-z]. */
  readonly instance: string;
  readonly inboxPrefix: string;
  readonly deadlineMs: number;
  readonly deadlines: Deadlines;
  readonly clock: Clock;
  readonly random: () => number;
  readonly lag: LoopLag;
  readonly bulkhead: OriginBulkhead;
  readonly retries: RetryBudget;
  readonly bus: EventBus;
  /** Reads of this process that have not been answered. */
  readonly reads: { underWay: number; readonly max: number };
  /** Which keys are read most, and which values are largest, since the last frame. */
  readonly top: TopKeys;
  readonly read: GuardedClient;
  readonly lease: GuardedClient;
  readonly write: GuardedClient;
  readonly faults: FaultSwitch;
  /** Redis time, ms since 1970. */
  redisNow(): number;
  /** A lease token that nobody else ever holds. */
  nextToken(kind: 'L' | 'W'): string;
}
