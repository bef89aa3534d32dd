import { bulkLoaders } from './bulk-loader.ts';
import type { BumpReceipt, Cache, CacheOptions, InvalidationReceipt, Loader, LoadMany, ManyResult, Peek, ReadOptions } from './cache.ts';
import { type CacheParts, Engine } from './engine.ts';
import type { EngineContext } from './engine-context.ts';
import type { EntityState } from './entity-state.ts';
import type { SoundPolicies, TypesOf } from './entity-types.ts';
import { CacheClosed, ConfigurationError } from './errors.ts';
import type { CacheEvent } from './events.ts';
import type { Explanation } from './explain-key.ts';
import type { InvalidationMode } from './invalidate-key.ts';
import { servesLocally } from './l1/serves-locally.ts';
import { loadUncached } from './load-uncached.ts';
import { parseCacheOptions, type ResolvedCacheOptions } from './parse-cache-options.ts';
import type { PolicyInput } from './policy.ts';
import type { ReadBatcher } from './read-batcher.ts';
import { readMany } from './read-many.ts';

/** A cache for one service. Connects at once; throws `ConfigurationError` with the path of a wrong option. */
export function createCache<const Policies extends Record<string, PolicyInput>>(
  options: CacheOptions<Extract<keyof Policies, string>, Policies & SoundPolicies<Policies>>,
): Cache<Extract<keyof Policies, string>, TypesOf<Policies>>;
// For names that are stated: inferred, policies that the first form refuses would pass here without types.
export function createCache<Entity extends string = never>(
  options: [Entity] extends [never] ? never : CacheOptions<NoInfer<Entity>>,
): Cache<Entity>;
export function createCache(options: CacheOptions<string>): Cache<string> {
  return byDeclaration(new SideboardCache(parseCacheOptions(options), {}));
}

/** `createCache` with a clock and a source of chance of one's own: for tests. */
export function createCacheWith<Entity extends string>(options: CacheOptions<Entity>, parts: CacheParts): Cache<Entity> {
  return byDeclaration(new SideboardCache(parseCacheOptions(options), parts));
}

/** What a service calls: finds the entity, refuses where there is none, and leaves the rest to the parts. */
class SideboardCache implements Pick<Cache, 'ready' | 'bumpVersion' | 'undoBump' | 'onEvent' | 'close'> {
  readonly #engine: Engine;
  readonly #entities: ReadonlyMap<string, EntityState>;
  readonly #context: EngineContext;
  readonly #batcher: ReadBatcher;
  /** The entity last looked up in the process: most hits come from one after the other. */
  #lastLookedUp: EntityState | undefined;
  #hitsUntilPick = 1;

  constructor(options: ResolvedCacheOptions, parts: CacheParts) {
    this.#engine = new Engine(options, parts);
    this.#entities = this.#engine.entities;
    this.#context = this.#engine.context;
    this.#batcher = this.#engine.batcher;
  }

  ready(): Promise<void> {
    return this.#engine.ready();
  }

  getOrSet<T>(entityName: string, id: string, load: Loader<T>, options?: ReadOptions): Promise<T> {
    const local = options === undefined ? this.#served(entityName, id) : this.#servedAs(options, entityName, id);
    if (local !== null) return trustPromise<T>(local);
    const entity = this.#entity(entityName);
    if (entity instanceof Error) return Promise.reject(entity);
    if (entity.codePolicy.strategy === 'none' || options?.skipCache)
      return trustPromise<T>(loadUncached(this.#context, entity, id, trustLoader(load)));
    return trustPromise<T>(this.#batcher.read(entity, id, trustLoader(load)));
  }

  get<T>(entityName: string, id: string, options?: Pick<ReadOptions, 'strict'>): Promise<T | undefined> {
    const local = options === undefined ? this.#served(entityName, id) : this.#servedAs(options, entityName, id);
    if (local !== null) return trustPromise<T>(local);
    const entity = this.#entity(entityName);
    if (entity instanceof Error) return Promise.reject(entity);
    if (entity.codePolicy.strategy === 'none') return Promise.resolve(undefined);
    return trustPromise<T | undefined>(this.#batcher.read(entity, id, 'get'));
  }

  async getMany<T>(
    entityName: string,
    ids: readonly string[],
    loadMany: LoadMany<T>,
    options: ReadOptions = {},
  ): Promise<Map<string, ManyResult<T>>> {
    const entity = this.#entityOrThrow(entityName);
    const loaderOf = bulkLoaders(this.#context, entity, loadMany);
    return trustLoaded<Map<string, ManyResult<T>>>(
      await readMany(ids, (id) => this.getOrSet<unknown>(entityName, id, loaderOf(id), options)),
    );
  }

  peek<T>(entityName: string, id: string): Promise<Peek<T>> {
    const entity = this.#entity(entityName);
    if (entity instanceof Error) return Promise.reject(entity);
    if (entity.codePolicy.strategy === 'none') return Promise.resolve({ kind: 'miss' });
    return trustPromise<Peek<T>>(this.#batcher.read(entity, id, 'peek'));
  }

  async set(entityName: string, id: string, value: unknown): Promise<void> {
    await this.#engine.changes.set(this.#entityOrThrow(entityName), id, value);
  }

  async invalidate(entityName: string, id: string, { mode = 'hard' }: { mode?: InvalidationMode } = {}): Promise<InvalidationReceipt> {
    return this.#engine.changes.invalidate(this.#entityOrThrow(entityName), id, mode);
  }

  async bumpVersion(entityName: string): Promise<BumpReceipt> {
    return this.#engine.changes.changeVersion(this.#entityOrThrow(entityName), 'bump');
  }

  async undoBump(entityName: string): Promise<BumpReceipt> {
    return this.#engine.changes.changeVersion(this.#entityOrThrow(entityName), 'undo');
  }

  async explain(entityName: string, id: string): Promise<Explanation> {
    return this.#engine.explain(this.#entityOrThrow(entityName), id);
  }

  onEvent(listener: (event: CacheEvent) => void): () => void {
    return this.#context.bus.onEvent(listener);
  }

  close(): Promise<void> {
    return this.#engine.close();
  }

  /** Rule 13. The fastest path of all: one look at the clock, and nothing is made. */
  #served(entityName: string, id: string): Promise<unknown> | null {
    const entity = this.#lastLookedUp?.name === entityName ? this.#lastLookedUp : this.#entities.get(entityName);
    if (entity === undefined || entity.local === null) return null;
    this.#lastLookedUp = entity;
    const entry = entity.local.entries.get(id);
    if (entry === undefined || !servesLocally(entity, entity.local, entry, this.#context.clock.monotonicMs())) return null;
    entity.metrics.l1Hits += 1;
    this.#hitsUntilPick -= 1;
    if (this.#hitsUntilPick === 0) this.#pick(entity, id);
    if (this.#context.bus.active)
      this.#context.bus.emit({ type: 'read', entity: entityName, id, outcome: 'hit', tier: 'l1', durationUs: 0 });
    return entry.promise;
  }

  /** One hit of many, which stands for them. */
  #pick(entity: EntityState, id: string): void {
    this.#hitsUntilPick = this.#context.top.localHit(entity.name, id);
    this.#engine.local?.tellOfHit(entity, id);
  }

  #servedAs({ strict = false, skipCache = false }: ReadOptions, entityName: string, id: string): Promise<unknown> | null {
    return strict || skipCache ? null : this.#served(entityName, id);
  }

  #entity(name: string): EntityState | Error {
    if (this.#engine.closing) return new CacheClosed();
    return this.#entities.get(name) ?? new ConfigurationError(`entity "${name}" has no policy`, ['policies']);
  }

  #entityOrThrow(name: string): EntityState {
    const entity = this.#entity(name);
    if (entity instanceof Error) throw entity;
    return entity;
  }
}

/** What stands under an entity's key was made by that entity's loaders: the caller states their type, as it does for its loader. */
function trustLoaded<T>(value: unknown): T {
  return value as T;
}

/** As `trustLoaded`, of a read under way. */
function trustPromise<T>(read: Promise<unknown>): Promise<T> {
  return read as Promise<T>;
}

/** The `previous` that it is given was made by the same entity's loaders. */
function trustLoader<T>(load: Loader<T>): Loader<unknown> {
  return load as Loader<unknown>;
}

/** The types that its policies declare are those of what its loaders return: nothing else gets in. */
function byDeclaration<Entity extends string>(cache: object): Cache<Entity> {
  return cache as Cache<Entity>;
}
