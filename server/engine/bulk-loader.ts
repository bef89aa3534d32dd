import type { LoadContext, Loader, LoadMany } from './cache.ts';
import type { EngineContext } from './engine-context.ts';
import type { EntityState } from './entity-state.ts';

/** Ids of one call of `loadMany` at most. */
const SLICE_MAX = 500;

/** The loader of one id of a bulk read: it takes a place in a common call. The call, not the id, counts at the origin. */
export type BulkLoader = Loader<unknown> & { readonly bulk: true };

interface Wanted {
  readonly id: string;
  readonly signal: AbortSignal;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/**
 * Makes loaders for single ids out of one for many. Each id gets its lease by itself; those that are granted in one turn of the
 * event loop are loaded by one call, at once: it waits for no other id, so nothing is held while something is waited for.
 */
export function bulkLoaders(context: EngineContext, entity: EntityState, loadMany: LoadMany<unknown>): (id: string) => BulkLoader {
  let waiting: Wanted[] = [];
  const flush = () => {
    const slice = waiting;
    waiting = [];
    callMany(context, entity, loadMany, slice);
  };
  return (id) => {
    const load = ({ signal }: LoadContext) =>
      new Promise((resolve, reject) => {
        const first = waiting.push({ id, signal, resolve, reject }) === 1;
        if (first) setImmediate(() => (waiting.length > 0 ? flush() : undefined));
        else if (waiting.length >= SLICE_MAX) flush();
      });
    return Object.assign(load, { bulk: true as const });
  };
}

export function isBulk(load: Loader<unknown>): load is BulkLoader {
  return 'bulk' in load;
}

function callMany(context: EngineContext, entity: EntityState, loadMany: LoadMany<unknown>, slice: readonly Wanted[]): void {
  const { bulkhead } = context;
  const [first] = slice;
  if (first === undefined) return;
  const { counts } = entity.metrics;
  const fail = (error: unknown) => {
    for (const wanted of slice) wanted.reject(error);
  };
  const start = () => {
    counts.originCalls += 1;
    const ids = slice.map(({ id }) => id);
    // The loads of one turn began together, so their time is up together.
    new Promise<ReadonlyMap<string, unknown>>((settle) => settle(loadMany(ids, { signal: first.signal })))
      .then((values) => {
        if (!(values instanceof Map)) throw new TypeError('loadMany must resolve to a Map of id to value');
        for (const { id, resolve, reject } of slice) {
          const value: unknown = values.get(id);
          if (value instanceof Error) reject(value);
          // What is not in the answer is not at the origin.
          else resolve(value === undefined ? null : value);
        }
      })
      .catch((error: unknown) => {
        counts.originErrors += 1;
        fail(error);
      })
      .finally(() => bulkhead.leave());
  };
  bulkhead.enter(start, fail, entity.policy.loadTimeoutMs);
}
