import { Acknowledged } from './acknowledged.ts';
import type { BumpReceipt, InvalidationReceipt } from './cache.ts';
import { changeVersion } from './change-version.ts';
import { checkRecords, type RecordFound } from './check-records.ts';
import type { StructureStore } from './codec/structure-store.ts';
import type { ControlLink } from './control/control-link.ts';
import { DeferredInvalidations } from './deferred-invalidations.ts';
import type { EngineContext } from './engine-context.ts';
import type { EntityState } from './entity-state.ts';
import {
  ConfigurationError,
  causeOf,
  describeError,
  InvalidationNotAcknowledged,
  NothingToUndo,
  SerializationError,
  WrittenNotInvalidated,
} from './errors.ts';
import { type Invalidated, type InvalidationMode, invalidateKey } from './invalidate-key.ts';
import { showVersion } from './keys.ts';
import type { Versions } from './versions.ts';
import { writeValue } from './write-value.ts';

interface ChangesParts {
  readonly versions: Versions;
  readonly structures: StructureStore;
  readonly link: Pick<ControlLink, 'announce'>;
}

/**
 * What puts an end to older values: writes, invalidations, versions. One that Redis did not acknowledge is an error to its caller,
 * and done again when Redis can do it; those that were acknowledged lately are done again at a server that may not know of them.
 */
export class Changes {
  readonly #context: EngineContext;
  readonly #parts: ChangesParts;
  readonly #acknowledged: Acknowledged;
  readonly #deferred: DeferredInvalidations;

  constructor(context: EngineContext, parts: ChangesParts) {
    this.#context = context;
    this.#parts = parts;
    this.#acknowledged = new Acknowledged(context.clock);
    this.#deferred = new DeferredInvalidations(context.bus, context.clock, {
      invalidate: async (entity, id) => (await this.#invalidate(entity, id, 'hard')).ok,
      bump: async (entity) => (await changeVersion(context, parts.versions, entity, 'bump')).ok,
    });
    context.write.onUsable(() => {
      this.#deferred.replay().catch(() => {
        // It never rejects: what Redis refuses again waits for the next second.
      });
    });
  }

  /** Rule 3. A function is the origin's write. Throws `SerializationError`, `WriteNotStarted` or `WrittenNotInvalidated`, or what the origin's write threw. */
  async set(entity: EntityState, id: string, value: unknown): Promise<void> {
    const write = isWriter(value) ? value : null;
    // Refused before anything is touched; and a caller may change a value that is given as one.
    if (write === null && value === undefined) throw new SerializationError('the value is undefined; `null` says "not found"');
    const given = write === null ? entity.codec.encode(entity.project(value)) : null;
    if (entity.codePolicy.strategy === 'none') {
      await write?.();
      entity.metrics.counts.sets += 1;
      return;
    }
    try {
      await writeValue(this.#context, this.#parts.versions, entity, id, async () => {
        if (write === null) return given;
        const written = await write();
        return written === undefined ? null : entity.codec.encode(entity.project(written));
      });
      this.#acknowledged.add(entity, id);
      this.#parts.structures.tend(entity);
    } catch (error) {
      if (error instanceof WrittenNotInvalidated) this.#deferred.add(entity, id);
      throw error;
    } finally {
      // Before the caller is told.
      entity.local?.drop(id);
      entity.failures.forget(id);
    }
  }

  /** Rules 4 and 5. Throws `InvalidationNotAcknowledged`. */
  async invalidate(entity: EntityState, id: string, mode: InvalidationMode): Promise<InvalidationReceipt> {
    if (entity.codePolicy.strategy === 'none') return { removed: 0, markedStale: 0, leasesRevoked: 0 };
    const invalidated = await this.#invalidate(entity, id, mode);
    if (invalidated.ok) return invalidated.receipt;
    this.#deferred.add(entity, id);
    throw notAcknowledged(invalidated.error);
  }

  /** Rule 7. Throws `NothingToUndo` or `InvalidationNotAcknowledged`; `ConfigurationError` for an entity that is never cached. */
  async changeVersion(entity: EntityState, how: 'bump' | 'undo'): Promise<BumpReceipt> {
    const { name } = entity;
    if (entity.codePolicy.strategy === 'none') throw new ConfigurationError(`entity "${name}" is never cached: it has no version`);
    const changed = await changeVersion(this.#context, this.#parts.versions, entity, how);
    // Before anybody is told, and whatever Redis said.
    entity.local?.clear();
    if (!changed.ok) {
      if ('reason' in changed) throw new NothingToUndo(`no bump of "${name}" is left to undo`);
      if (how === 'bump') this.#deferred.addBump(entity);
      throw notAcknowledged(changed.error);
    }
    const { rev, ns, prev } = changed.record;
    this.#context.bus.emit({ type: how === 'bump' ? 'bumped' : 'bump.undone', entity: name, rev, previous: prev });
    const receipt = { version: showVersion(ns), previous: prev === null ? null : showVersion(prev), rev };
    try {
      return { ...receipt, ...(await this.#parts.link.announce({ t: 'bump', entity: name, rev })) };
    } catch {
      // Every read asks for the record itself, so the bump is in force whoever has heard of it.
      return { ...receipt, ackedBy: [], pending: [] };
    }
  }

  /** Rule 12: Redis is another server now, and may not know what the last one acknowledged at its end. Throws `ConfigurationError` where it will not serve us. */
  async repeatForAnotherServer(entities: readonly EntityState[]): Promise<void> {
    let found: ReadonlyMap<EntityState, RecordFound> = new Map();
    try {
      found = await checkRecords(this.#context, this.#parts.versions, this.#context.write, entities);
    } finally {
      // Even where it refuses to tell its records: it may take them later.
      for (const { entity, id } of this.#acknowledged.take()) {
        // Nothing from before a new version can be read.
        if (found.get(entity) !== 'repaired') this.#deferred.add(entity, id);
      }
    }
    await this.#deferred.replay();
  }

  /** What is deferred is done no more. */
  close(): void {
    this.#deferred.close();
  }

  async #invalidate(entity: EntityState, id: string, mode: InvalidationMode): Promise<Invalidated> {
    const invalidated = await invalidateKey(this.#context, this.#parts.versions, entity, id, { mode });
    // Before anybody is told, and whatever Redis said.
    entity.local?.drop(id);
    entity.failures.forget(id);
    if (invalidated.ok) {
      this.#acknowledged.add(entity, id);
      entity.metrics.counts.invalidations += 1;
      this.#context.bus.emit({ type: 'invalidated', entity: entity.name, id, mode, ...invalidated.receipt });
    }
    return invalidated;
  }
}

function notAcknowledged(cause: Error): InvalidationNotAcknowledged {
  return new InvalidationNotAcknowledged(`Redis did not acknowledge the invalidation (${describeError(cause)})`, { cause: causeOf(cause) });
}

function isWriter(value: unknown): value is () => Promise<unknown> {
  return typeof value === 'function';
}
