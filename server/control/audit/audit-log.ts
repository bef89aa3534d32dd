import { desc, eq, gte } from 'drizzle-orm';
import type { AuditRowView } from '../../contract/audit.ts';
import { audit } from '../../db/schema.ts';
import { type Store, StoreUnavailable } from '../../db/store.ts';
import type { Actor } from '../actor.ts';
import type { AuditSpool, SpoolLine } from './audit-spool.ts';

export interface AuditIntent {
  id: string;
  atMs: number;
  actor: Actor;
  action: string;
  target: string;
  input: unknown;
}

export interface AuditResult {
  outcome: 'done' | 'failed';
  doneAtMs: number;
  before: unknown;
  after: unknown;
  reason: string | null;
}

export interface AuditLog {
  /** Rejects with `StoreUnavailable` when it can be written nowhere: the act must not run then. */
  intent(intent: AuditIntent, options: { withoutStore: boolean }): Promise<void>;
  /** The act is over: this never rejects because of the store, the spool takes it. */
  result(id: string, result: AuditResult): Promise<void>;
  denied(intent: AuditIntent & { reason: string }): Promise<void>;
  /** Newest first: from the table, or from memory while the store is down. */
  recent(max: number): Promise<AuditRowView[]>;
  /** What this console knows without asking, newest first. */
  remembered(): readonly AuditRowView[];
  /** Reads the newest rows of the table, other consoles' ones too. */
  refresh(): Promise<void>;
  /** Moves what was spooled into the table. */
  drain(): Promise<void>;
}

const REMEMBERED_MAX = 200;
/** An act that nothing may block waits no longer than this for the database, and then goes to the spool. */
const PATIENCE_MS = 750;
type Row = typeof audit.$inferInsert;
type FirstOutcome = 'pending' | 'denied';

export function createAuditLog(store: Store, spool: AuditSpool): AuditLog {
  const memory = new Map<string, AuditRowView>();

  function remember(row: Row): void {
    memory.set(row.id, view(row));
    if (memory.size <= REMEMBERED_MAX) return;
    const oldest = newestFirst(memory).at(-1);
    if (oldest !== undefined) memory.delete(oldest.id);
  }

  async function insert(row: Row, options: { patienceMs?: number } = {}): Promise<void> {
    await store.run((db) => db.insert(audit).values(row).onConflictDoNothing(), options);
  }

  async function complete(line: Extract<SpoolLine, { op: 'result' }>): Promise<void> {
    const { id, doneAtMs, ...rest } = line.result;
    await store.run(
      (db) =>
        db
          .update(audit)
          .set({ ...rest, doneAt: new Date(doneAtMs) })
          .where(eq(audit.id, id)),
      { patienceMs: PATIENCE_MS },
    );
  }

  return {
    async intent(intent, { withoutStore }) {
      const row = rowOf(intent, 'pending', null);
      try {
        await insert(row, withoutStore ? { patienceMs: PATIENCE_MS } : {});
      } catch (error) {
        if (!withoutStore || !(error instanceof StoreUnavailable)) throw error;
        await spool.append(spooled(row));
      }
      remember(row);
    },
    async result(id, result) {
      const line = {
        op: 'result' as const,
        result: {
          id,
          outcome: result.outcome,
          doneAtMs: result.doneAtMs,
          before: json(result.before),
          after: json(result.after),
          reason: result.reason,
        },
      };
      try {
        // An intent that waits in the spool has no row to complete yet.
        if (spool.holds(id)) await spool.append(line);
        else await complete(line);
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error;
        await spool.append(line);
      }
      const known = memory.get(id);
      if (known !== undefined) {
        memory.set(id, {
          ...known,
          outcome: result.outcome,
          doneAtMs: result.doneAtMs,
          reason: result.reason,
          before: result.before ?? null,
          after: result.after ?? null,
        });
      }
    },
    async denied(intent) {
      const row = { ...rowOf(intent, 'denied', intent.reason), doneAt: new Date(intent.atMs) };
      try {
        await insert(row);
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error;
        await spool.append(spooled(row));
      }
      remember(row);
    },
    async recent(max) {
      try {
        const rows = await store.run((db) => db.select().from(audit).orderBy(desc(audit.at)).limit(max));
        return rows.map(view);
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error;
        return newestFirst(memory).slice(0, max);
      }
    },
    remembered: () => newestFirst(memory),
    async refresh() {
      const since = new Date(Date.now() - 3_600_000);
      const rows = await store.run((db) =>
        db.select().from(audit).where(gte(audit.at, since)).orderBy(desc(audit.at)).limit(REMEMBERED_MAX),
      );
      for (const row of rows.reverse()) remember(row);
    },
    drain: () =>
      spool.drain(async (line) => {
        if (line.op === 'result') return complete(line);
        const { atMs, ...row } = line.row;
        return insert({ ...row, at: new Date(atMs), doneAt: row.outcome === 'denied' ? new Date(atMs) : null });
      }),
  };
}

function rowOf(intent: AuditIntent, outcome: FirstOutcome, reason: string | null): Row & { outcome: FirstOutcome } {
  return {
    id: intent.id,
    at: new Date(intent.atMs),
    actorId: intent.actor.id,
    actorName: intent.actor.name,
    actorRole: intent.actor.role,
    action: intent.action,
    target: intent.target,
    input: json(intent.input),
    outcome,
    reason,
  };
}

function spooled({ at, doneAt: _, ...row }: Row & { outcome: FirstOutcome }): SpoolLine {
  return { op: 'row', row: { ...row, atMs: at.getTime() } };
}

function view(row: Row): AuditRowView {
  return {
    id: row.id,
    atMs: row.at.getTime(),
    doneAtMs: row.doneAt?.getTime() ?? null,
    by: row.actorName,
    action: row.action,
    target: row.target,
    outcome: row.outcome,
    reason: row.reason ?? null,
    input: parsed(row.input),
    before: parsed(row.before),
    after: parsed(row.after),
  };
}

function newestFirst(memory: ReadonlyMap<string, AuditRowView>): AuditRowView[] {
  return [...memory.values()].sort((a, b) => b.atMs - a.atMs);
}

function json(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

function parsed(text: string | null | undefined): unknown {
  return text === null || text === undefined ? null : JSON.parse(text);
}
