import type { Redis } from 'ioredis';
import type { Breaker } from './breaker.ts';
import type { Clock } from './clock.ts';
import type { EventBus } from './events.ts';
import type { KeySpaceRef } from './operator/operator.ts';

/** A client with what guards it. */
export interface GuardedClient {
  readonly client: Redis;
  readonly breaker: Breaker;
}

/** What the parts of one cache share. */
export interface EngineContext {
  readonly ref: KeySpaceRef;
  /** 16 of [0-9a-z]. */
  readonly instance: string;
  readonly inboxPrefix: string;
  readonly deadlineMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly bus: EventBus;
  readonly read: GuardedClient;
  readonly lease: GuardedClient;
  readonly write: GuardedClient;
  /** Redis time, ms since 1970. */
  redisNow(): number;
  /** A lease token that nobody else ever holds. */
  nextToken(kind: 'L' | 'W'): string;
}
