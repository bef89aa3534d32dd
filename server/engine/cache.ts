import type { Answer, EntityType, IdOf, LoadedOf, ValueOf } from './entity-types.ts';
import type { CacheEvent } from './events.ts';
import type { Explanation } from './explain-key.ts';
import type { InvalidationMode } from './invalidate-key.ts';
import type { PolicyInput } from './policy.ts';
import type { RedisConnection } from './redis/connection.ts';

/** A service's cache. Names, ids and values come from `policies`; an entity that is not in it is an error, never a new key. */
export interface Cache<Entity extends string = string, Types extends Record<Entity, EntityType> = Record<Entity, EntityType>> {
  /** Resolves once connected, with server, version records and orders read; rejects only on wrong configuration. A Redis that is down does not reject: reads answer from the origin. */
  ready(): Promise<void>;
  /** The value, from the cache or from `load`, as `project` made it. Rejects with what `load` rejected with. */
  getOrSet<T extends LoadedOf<Types, E>, E extends Entity = Entity>(
    entity: E,
    id: IdOf<Types, E>,
    load: Loader<T, Answer<ValueOf<Types, E>, T>>,
    options?: ReadOptions,
  ): Promise<Answer<ValueOf<Types, E>, T>>;
  /** The cached value, fresh or stale; `null` for what the origin does not have; `undefined` on a miss or when Redis is unavailable. */
  get<T = unknown, E extends Entity = Entity>(
    entity: E,
    id: IdOf<Types, E>,
    options?: Pick<ReadOptions, 'strict'>,
  ): Promise<Answer<ValueOf<Types, E>, T> | undefined>;
  /**
   * The values of up to 10,000 ids, each from the cache or from `loadMany`, which is called with at most 500 ids at a time. One
   * result for each distinct id, in their order; an id that fails leaves the others alone. Rejects with `TooManyReads` past the bound.
   */
  getMany<T extends LoadedOf<Types, E>, E extends Entity = Entity>(
    entity: E,
    ids: readonly IdOf<Types, E>[],
    loadMany: LoadMany<T, IdOf<Types, E>>,
    options?: ReadOptions,
  ): Promise<Map<IdOf<Types, E>, ManyResult<Answer<ValueOf<Types, E>, T>>>>;
  /** As `get` with how it was answered; counts no read. */
  peek<T = unknown, E extends Entity = Entity>(entity: E, id: IdOf<Types, E>): Promise<Peek<Answer<ValueOf<Types, E>, T>>>;
  /** Rule 3. A value is a load begun at its call; a function is the origin's write, run between removal and fill, and its result is the value. Both are as loaded: `project` is applied. */
  set<T extends LoadedOf<Types, E>, E extends Entity = Entity>(
    entity: E,
    id: IdOf<Types, E>,
    value: Answer<LoadedOf<Types, E>, T> | (() => Promise<Answer<LoadedOf<Types, E>, T> | undefined>),
  ): Promise<void>;
  /** Rules 4 and 5. `hard` (the default): no later read returns anything older. `soft`: what is older is served as stale, never called fresh. Rejects with `InvalidationNotAcknowledged` when Redis refused or did not answer. */
  invalidate<E extends Entity>(entity: E, id: IdOf<Types, E>, options?: { mode?: InvalidationMode }): Promise<InvalidationReceipt>;
  /** Rule 7. Everything of the entity is unreachable at once. Rejects with `InvalidationNotAcknowledged`. */
  bumpVersion(entity: Entity): Promise<BumpReceipt>;
  /** Takes the last bump back, with what it promised: entries from before it are read again. Rejects with `NothingToUndo`, or `InvalidationNotAcknowledged`. */
  undoBump(entity: Entity): Promise<BumpReceipt>;
  /** Where a key stands: tier, version, freshness, lease and holder, and what the next read would do and why. Changes and counts nothing; never rejects for Redis. */
  explain<E extends Entity>(entity: E, id: IdOf<Types, E>): Promise<Explanation>;
  /** Every event of this instance; a listener that throws is reported, never felt by a caller. Returns the way to stop. */
  onEvent(listener: (event: CacheEvent) => void): () => void;
  /** Drains fills under way within a bound, leaves the registry, ends all connections. */
  close(): Promise<void>;
}

/** What a loader may ask and say. Its methods may be taken off; `signal` and `previous` are made when they are asked for, so a copy by spreading has none of it. */
export interface LoadContext<T = unknown> {
  /** Aborted at the load timeout. */
  readonly signal: AbortSignal;
  /** The entry that this load would replace, stale or just expired, with its age: Redis ms since 1970. Null where there is none, or the load may store nothing. */
  readonly previous: { readonly value: T; readonly createdMs: number } | null;
  /** How long the value of this load is fresh, instead of the policy's TTL: ms, or text as '90s'. Throws `ConfigurationError`. */
  setTtl(ttl: number | string): void;
  /** The value goes to those who wait for it and is not kept. */
  skipCache(): void;
  /** To be returned where the origin says that `previous` is still right (304, an equal revision): it stays as it is, fresh from now on. Throws `TypeError` where `previous` is null. */
  notModified(): NotModified;
}

declare const notModifiedBrand: unique symbol;
/** What `notModified` returns. */
export interface NotModified {
  readonly [notModifiedBrand]: true;
}

/** Resolves to the value; to `null` for what the origin does not have, which is kept for `notFoundTtl`. `undefined` is given to those who wait and not kept. `Value`: what the policy's `project` makes of it. */
export type Loader<T, Value = T> = (context: LoadContext<Value>) => Promise<T | NotModified>;

/** Loads many ids at once. An id that the Map lacks is not at the origin (`null`); an `Error` as its value fails that id alone. */
export type LoadMany<T, Id extends string = string> = (
  ids: readonly Id[],
  context: { readonly signal: AbortSignal },
) => Promise<ReadonlyMap<Id, T | null | Error>>;

/** What became of one id. `null`: the origin does not have it. */
export type ManyResult<T> = { readonly ok: true; readonly value: T | null } | { readonly ok: false; readonly error: unknown };

export interface ReadOptions {
  /** Asks Redis even where this process holds the value: no bound applies to the answer. */
  strict?: boolean;
  /** Neither reads nor fills: a load of its own. */
  skipCache?: boolean;
}

export type Peek<T> =
  | { kind: 'fresh' | 'stale'; value: T; createdMs: number; freshUntilMs: number; expiresMs: number }
  | { kind: 'miss' }
  | { kind: 'unavailable' };

export interface InvalidationReceipt {
  removed: number;
  /** Entries that stay, as stale (mode `soft`). */
  markedStale: number;
  /** Loads under way that will not be stored. */
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

export interface CacheOptions<Entity extends string, Policies extends Record<Entity, PolicyInput> = Record<Entity, PolicyInput>> {
  env: string;
  service: string;
  redis: RedisConnection;
  policies: Policies;
  /** Lets a console inject faults at this process's sockets. Default false. */
  allowFaults?: boolean;
  /** Every Redis op is given up after this. Default 100. */
  deadlineMs?: number;
  /** Reads under way in this process at most; one more rejects with `TooManyReads`. Default 100,000. */
  readsMax?: number;
  /** Loads that run at once in this process (default 1,000), and that wait for their turn (10,000); one more fails with `OriginOverloaded`. */
  origin?: { concurrencyMax?: number; queueMax?: number };
  /** Keeps what was read in this process too: reads that need no round trip, not strict but bounded. Default off. */
  l1?: L1Options;
}

export interface L1Options {
  /** Default 10,000. */
  itemsMax?: number;
  /** Of the values as they were encoded, and 256 for each entry. Default 64 MiB. */
  bytesMax?: number;
  /** A read that starts this long after a change was acknowledged never returns what was there before. Default 1,000. */
  boundMs?: number;
}
