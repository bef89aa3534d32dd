import type { CacheEvent } from './events.ts';
import type { PolicyInput } from './policy.ts';
import type { RedisConnection } from './redis/connection.ts';

/** A service's cache. Names of entities come from `policies`; an entity that is not in it is an error, never a new key. */
export interface Cache<Entity extends string = string> {
  /** Resolves once connected, with server, version records and orders read; rejects only on wrong configuration. A Redis that is down does not reject: reads answer from the origin. */
  ready(): Promise<void>;
  /** The value, from the cache or from `load`. Rejects with what `load` rejected with. */
  getOrSet<T>(entity: Entity, id: string, load: Loader<T>): Promise<T>;
  /** The cached value, fresh or stale; `undefined` on a miss or when Redis is unavailable. */
  get<T>(entity: Entity, id: string): Promise<T | undefined>;
  /** As `get` with how it was answered; counts no read. */
  peek<T>(entity: Entity, id: string): Promise<Peek<T>>;
  /** Rule 3. A value is a load begun at its call; a function is the origin's write, run between removal and fill, and its result is the value. */
  set<T>(entity: Entity, id: string, value: T | (() => Promise<T>)): Promise<void>;
  /** Rule 4. Rejects with `InvalidationNotAcknowledged` when Redis refused or did not answer. */
  invalidate(entity: Entity, id: string): Promise<InvalidationReceipt>;
  /** Rule 7. Everything of the entity is unreachable at once. Rejects with `InvalidationNotAcknowledged`. */
  bumpVersion(entity: Entity): Promise<BumpReceipt>;
  /** Every event of this instance; a listener that throws is reported, never felt by a caller. Returns the way to stop. */
  onEvent(listener: (event: CacheEvent) => void): () => void;
  /** Drains fills under way within a bound, leaves the registry, ends all connections. */
  close(): Promise<void>;
}

export interface LoadContext {
  /** Aborted at the load timeout. */
  signal: AbortSignal;
}
export type Loader<T> = (context: LoadContext) => Promise<T>;

export type Peek<T> =
  | { kind: 'fresh' | 'stale'; value: T; createdMs: number; freshUntilMs: number; expiresMs: number }
  | { kind: 'miss' }
  | { kind: 'unavailable' };

export interface InvalidationReceipt {
  removed: number;
  leasesRevoked: number;
}

export interface BumpReceipt {
  /** Base 36. */
  version: string;
  previous: string | null;
  rev: string;
  ackedBy: { instance: string; afterMs: number }[];
  pending: string[];
}

export interface CacheOptions<Entity extends string> {
  env: string;
  service: string;
  redis: RedisConnection;
  policies: Record<Entity, PolicyInput>;
  /** Lets a console inject faults at this process's sockets. Default false. */
  allowFaults?: boolean;
  /** Every Redis op is given up after this. Default 100. */
  deadlineMs?: number;
}
