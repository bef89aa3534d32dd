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

/** What a loader says of its load beside the value. One for each load: what one says holds for no other. */
export interface LoadTerms {
  /** Null: the policy's. */
  ttlMs: number | null;
  kept: boolean;
}

/** It stands for the previous value; nobody but `notModified` makes it. */
const NOT_MODIFIED: NotModified = brandNotModified(Object.freeze({}));

/** `seen`: null for a load that could extend nothing. */
export function loadContextOf(entity: EntityState, seen: SeenEntry | null): { terms: LoadTerms; context: Omit<LoadContext, 'signal'> } {
  const terms: LoadTerms = { ttlMs: null, kept: true };
  let previous: LoadContext['previous'] | undefined;
  const context = {
    get previous() {
      previous ??= previousOf(entity, seen);
      return previous;
    },
    setTtl(ttl: number | string) {
      terms.ttlMs = parseTtl(ttl);
    },
    skipCache() {
      terms.kept = false;
    },
    notModified() {
      if (context.previous === null) throw new TypeError('nothing can be left as it is: `previous` is null');
      return NOT_MODIFIED;
    },
  };
  return { terms, context };
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
