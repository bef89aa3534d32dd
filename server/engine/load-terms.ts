import type { LoadContext, NotModified } from './cache.ts';
import type { EntityState } from './entity-state.ts';
import { judge } from './envelope.ts';
import type { CacheKey } from './keys.ts';
import { parseTtl } from './policy.ts';

/** The entry that a leased load would replace, as it was read. */
export interface SeenEntry {
  readonly key: CacheKey;
  readonly bytes: Buffer;
}

/** It stands for the previous value; nobody but `notModified` makes it. */
const NOT_MODIFIED: NotModified = brandNotModified(Object.freeze({}));

/**
 * What a loader is given, and what it says of its load beside the value. One for each load: what one says holds for no other.
 * A class, and not a literal: one with accessors has a hidden class of its own, which keeps it until the next full collection.
 * What is asked for seldom is made when it is asked for; the methods may be taken off.
 */
export class LoadTerms implements LoadContext {
  readonly #entity: EntityState;
  readonly #seen: SeenEntry | null;
  #previous: LoadContext['previous'] | undefined;
  #controller: AbortController | null = null;
  #aborted: { readonly reason: Error } | null = null;
  #ttlMs: number | null = null;
  #kept = true;

  /** `seen`: null for a load that could extend nothing. */
  constructor(entity: EntityState, seen: SeenEntry | null) {
    this.#entity = entity;
    this.#seen = seen;
  }

  /** As the loader wishes; null: the policy's. */
  get ttlMs(): number | null {
    return this.#ttlMs;
  }

  get kept(): boolean {
    return this.#kept;
  }

  /** Tells the loader, whenever it looks, that nobody waits any more. */
  abort(reason: Error): void {
    this.#aborted = { reason };
    this.#controller?.abort(reason);
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#aborted !== null) this.#controller.abort(this.#aborted.reason);
    }
    return this.#controller.signal;
  }

  get previous(): LoadContext['previous'] {
    this.#previous ??= previousOf(this.#entity, this.#seen);
    return this.#previous;
  }

  get setTtl(): LoadContext['setTtl'] {
    return (ttl) => {
      this.#ttlMs = parseTtl(ttl);
    };
  }

  get skipCache(): LoadContext['skipCache'] {
    return () => {
      this.#kept = false;
    };
  }

  get notModified(): LoadContext['notModified'] {
    return () => {
      if (this.previous === null) throw new TypeError('nothing can be left as it is: `previous` is null');
      return NOT_MODIFIED;
    };
  }
}

export function isNotModified(value: unknown): boolean {
  return value === NOT_MODIFIED;
}

function previousOf(entity: EntityState, seen: SeenEntry | null): LoadContext['previous'] {
  if (seen === null) return null;
  const judged = judge(seen.bytes, seen.key, 0);
  if (judged.kind === 'problem') return null;
  const decoded = entity.codec.decode(seen.bytes, judged.payloadOffset, judged);
  return decoded.kind === 'value' ? { value: decoded.value, createdMs: judged.createdMs } : null;
}

function brandNotModified(value: object): NotModified {
  return value as NotModified;
}
