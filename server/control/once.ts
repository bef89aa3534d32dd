import { and, eq, lt } from 'drizzle-orm';
import { idempotency } from '../db/schema.ts';
import { type Store, StoreUnavailable } from '../db/store.ts';
import { ControlError } from './control-error.ts';

interface OnceKey {
  actorId: string;
  action: string;
  key: string;
  inputHash: string;
  /** Runs from memory alone while the store is down. */
  withoutStore: boolean;
}

/** Runs an intended change once for each key; asking again gives the same result. A change that failed may be tried again. */
export interface Once {
  run<T>(key: OnceKey, work: () => Promise<T>): Promise<T>;
}

const REMEMBERED_MAX = 1_000;
/** A change that nothing may block waits no longer than this for the database. */
const PATIENCE_MS = 750;
/** A claim older than this belongs to a process that died at it. */
const CLAIM_MS_MAX = 120_000;
const KEPT_MS = 24 * 3_600_000;

export function createOnce(store: Store, now: () => number): Once {
  const remembered = new Map<string, { inputHash: string; outcome: Promise<unknown> }>();

  async function run<T>(id: OnceKey, work: () => Promise<T>): Promise<T> {
    const name = JSON.stringify([id.actorId, id.action, id.key]);
    const known = remembered.get(name);
    if (known !== undefined) return same<T>(id, known.inputHash, () => known.outcome);
    const outcome = claimed(id, work);
    remembered.set(name, { inputHash: id.inputHash, outcome });
    // The caller below gets the failure; here it only makes room for another try.
    outcome.catch(() => remembered.delete(name));
    for (const oldest of remembered.keys()) {
      if (remembered.size <= REMEMBERED_MAX) break;
      remembered.delete(oldest);
    }
    return outcome;
  }

  async function claimed<T>(id: OnceKey, work: () => Promise<T>): Promise<T> {
    const row = and(eq(idempotency.actorId, id.actorId), eq(idempotency.action, id.action), eq(idempotency.key, id.key));
    const claim = await orWithoutStore(id, () =>
      store.run(
        async (db) => {
          const at = new Date(now());
          await db.delete(idempotency).where(lt(idempotency.at, new Date(now() - KEPT_MS)));
          const values = { actorId: id.actorId, action: id.action, key: id.key, inputHash: id.inputHash, at, result: null };
          const inserted = await db.insert(idempotency).values(values).onConflictDoNothing().returning({ key: idempotency.key });
          if (inserted.length > 0) return { kind: 'mine' as const };
          const [standing] = await db.select().from(idempotency).where(row);
          if (standing === undefined) return { kind: 'busy' as const };
          if (standing.result !== null || standing.inputHash !== id.inputHash) return { kind: 'seen' as const, ...standing };
          const stale = and(row, lt(idempotency.at, new Date(now() - CLAIM_MS_MAX)));
          const taken = await db.update(idempotency).set({ at }).where(stale).returning({ key: idempotency.key });
          return { kind: taken.length > 0 ? ('mine' as const) : ('busy' as const) };
        },
        id.withoutStore ? { patienceMs: PATIENCE_MS } : {},
      ),
    );
    if (claim?.kind === 'busy') throw new ControlError('CONFLICT', 'This very change is under way.');
    if (claim?.kind === 'seen') return same<T>(id, claim.inputHash, () => JSON.parse(claim.result ?? 'null'));
    try {
      const result = await work();
      const text = JSON.stringify(result);
      await afterwards(() => store.run((db) => db.update(idempotency).set({ result: text }).where(row), { patienceMs: PATIENCE_MS }));
      return result;
    } catch (error) {
      await afterwards(() => store.run((db) => db.delete(idempotency).where(row), { patienceMs: PATIENCE_MS }));
      throw error;
    }
  }

  return { run };
}

/** A key stands for one change: with another input it is a mistake of the caller. */
async function same<T>(id: OnceKey, inputHash: string, outcome: () => unknown): Promise<T> {
  if (inputHash !== id.inputHash) {
    throw new ControlError('BAD_INPUT', 'idempotencyKey: was used for another change', { field: 'idempotencyKey' });
  }
  return trusted<T>(await outcome());
}

/** The result was stored by the same action under the same key and input, so it has the same type. */
function trusted<T>(value: unknown): T {
  return value as T;
}

async function orWithoutStore<T>(id: OnceKey, work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (id.withoutStore && error instanceof StoreUnavailable) return null;
    throw error;
  }
}

/** The change is done or has failed: a store that went away since does not alter that, and this process remembers by itself. */
async function afterwards(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
  }
}
