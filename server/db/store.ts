import { DrizzleQueryError } from 'drizzle-orm/errors';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import { DatabaseError, Pool } from 'pg';

export type Db = NodePgDatabase;

type StoreState = { state: 'up' | 'down'; reason: string | null; sinceMs: number };

/** The console's own database cannot be asked; nothing was changed, or the change is not known to have been made. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

export interface Store {
  /** For libraries that need the database itself; prefer `run`. */
  readonly db: Db;
  state(): StoreState;
  /**
   * Runs `work` and rejects with `StoreUnavailable` at once while the store is down, and when its connection fails.
   * With `patienceMs` it rejects after so long too; what `work` wrote may then still arrive.
   */
  run<T>(work: (db: Db) => Promise<T>, options?: { patienceMs?: number }): Promise<T>;
  /** Called each time the store came up, migrated, or went down. Returns the way to stop. */
  onState(listener: (state: StoreState) => void): () => void;
  /** Resolves once the first attempt to connect and migrate has ended, well or not. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

export interface StoreOptions {
  /** Null: none is configured, and the store stays down. */
  url: string | null;
  migrationsFolder: string;
  now?: () => number;
}

const CONNECTIONS_MAX = 4;
/** Also on a machine that is busy starting everything at once. */
const CONNECT_MS_MAX = 5_000;
const QUERY_MS_MAX = 4_000;
const PROBE_EACH_MS = 1_000;

/**
 * The record of everything operators did, in Postgres through `pg` alone. It may be away at any time: the console
 * starts and runs without it. PGlite behind its socket is one session for all clients, so nothing here uses
 * advisory locks, LISTEN, SET or named statements.
 */
export function openStore({ url, migrationsFolder, now = Date.now }: StoreOptions): Store {
  const pool = new Pool({
    ...(url === null ? {} : { connectionString: url }),
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: CONNECT_MS_MAX,
    query_timeout: QUERY_MS_MAX,
    idleTimeoutMillis: 60_000,
    allowExitOnIdle: true,
  });
  const db = drizzle(pool);
  const listeners = new Set<(state: StoreState) => void>();
  let state: StoreState = { state: 'down', reason: url === null ? 'DATABASE_URL is not set' : 'connecting', sinceMs: now() };
  let migrated = false;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let probing: Promise<void> = Promise.resolve();

  // An idle connection that breaks is found here first.
  pool.on('error', (error) => down(error));

  function down(error: unknown): void {
    const reason = oneLine(error);
    if (state.state === 'up') become({ state: 'down', reason, sinceMs: now() });
    else state = { ...state, reason };
    schedule(PROBE_EACH_MS);
  }

  function become(next: StoreState): void {
    state = next;
    for (const listener of listeners) listener(next);
  }

  function schedule(afterMs: number): void {
    if (closed || url === null || timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      probing = probe();
    }, afterMs);
    timer.unref();
  }

  async function probe(): Promise<void> {
    try {
      if (!migrated) await migrate(db, { migrationsFolder });
      else await pool.query('select 1');
      migrated = true;
    } catch (error) {
      down(error);
      return;
    }
    if (closed || state.state === 'up') return;
    become({ state: 'up', reason: null, sinceMs: now() });
  }

  if (url !== null) probing = probe();

  return {
    db,
    state: () => state,
    async run(work, { patienceMs } = {}) {
      if (state.state === 'down') throw new StoreUnavailable(state.reason ?? 'down');
      try {
        return await (patienceMs === undefined ? work(db) : within(work(db), patienceMs));
      } catch (error) {
        if (error instanceof StoreUnavailable || !isConnectionFailure(error)) throw error;
        down(error);
        throw new StoreUnavailable(oneLine(error), { cause: error });
      }
    },
    onState(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    ready: () => probing,
    async close() {
      closed = true;
      clearTimeout(timer);
      listeners.clear();
      // A probe under way fails when the pool ends; its outcome is in `state` alone.
      await pool.end();
      await probing;
    },
  };
}

/** Rejects with `StoreUnavailable` when `work` takes longer than `ms`. */
export async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new StoreUnavailable(`no answer within ${ms} ms`)), ms);
  });
  // If the answer comes after the patience ended, nobody waits for it any more.
  work.catch(() => undefined);
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** SQL that Postgres judged and refused is a fault of ours; everything else is the connection. */
function isConnectionFailure(error: unknown): boolean {
  const cause = error instanceof DrizzleQueryError ? error.cause : error;
  if (cause instanceof DatabaseError) return /^(08|53|57P)/.test(cause.code ?? '');
  if (!(cause instanceof Error)) return false;
  const code = 'code' in cause ? String(cause.code) : '';
  return /^(E[A-Z]+)$/.test(code) || /connection|timeout|timed out|terminated|pool/i.test(cause.message);
}

/** True for the refusal of a second row under a unique key. */
export function isUniqueViolation(error: unknown): boolean {
  const cause = error instanceof DrizzleQueryError ? error.cause : error;
  return cause instanceof DatabaseError && cause.code === '23505';
}

function oneLine(error: unknown): string {
  const cause = error instanceof DrizzleQueryError ? error.cause : error;
  const first = cause instanceof AggregateError ? cause.errors[0] : cause;
  const text = first instanceof Error ? first.message : String(first);
  return text.split('\n', 1)[0]?.slice(0, 200) ?? 'unknown';
}
