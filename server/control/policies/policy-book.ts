import { and, desc, eq } from 'drizzle-orm';
import type { KeySpaceRef, Operator } from 'sideboard-engine';
import { serviceKey } from '../../contract/live.ts';
import type { PolicyConflict, PolicyRevisionView, PolicyValues } from '../../contract/policies.ts';
import type { ServiceRef } from '../../contract/service-ref.ts';
import { policyRevision } from '../../db/schema.ts';
import { type Db, isUniqueViolation, type Store, StoreUnavailable } from '../../db/store.ts';

/** The overrides of a service as its newest revision left them. */
interface PolicyState {
  rev: number;
  entities: Record<string, PolicyValues>;
}

interface RevisionDraft {
  ref: ServiceRef;
  entity: string;
  values: PolicyValues;
  /** The newest revision of the service when the form was opened. */
  baseRev: number;
  by: string;
  atMs: number;
  /** What stood before anybody overrode it. */
  codeValues: PolicyValues | null;
  /** The live copy: where the database was restored from an old backup, Redis remembers more, and that goes on to count. */
  live: PolicyState | null;
}

type SaveOutcome = { kind: 'saved'; state: PolicyState; before: PolicyValues | null } | { kind: 'conflict'; conflict: PolicyConflict };

/** The record of policy revisions, in Postgres; what was read last is kept in memory. */
export interface PolicyBook {
  current(ref: ServiceRef): Promise<PolicyState>;
  revisions(ref: ServiceRef, max: number): Promise<PolicyRevisionView[]>;
  save(draft: RevisionDraft): Promise<SaveOutcome>;
  /** Publishes every service's newest revision again where Redis lost it or lags behind. Returns what it published. */
  reconcile(operator: Operator, services: readonly KeySpaceRef[]): Promise<ServiceRef[]>;
}

const TRIES_MAX = 5;

export function createPolicyBook(store: Store): PolicyBook {
  const remembered = new Map<string, PolicyState>();

  const newest = (db: Db, ref: ServiceRef) =>
    db.select().from(policyRevision).where(ofService(ref)).orderBy(desc(policyRevision.rev)).limit(1);

  async function current(ref: ServiceRef): Promise<PolicyState> {
    try {
      const [row] = await store.run((db) => newest(db, ref));
      const state = row === undefined ? { rev: 0, entities: {} } : { rev: row.rev, entities: row.document };
      remembered.set(serviceKey(ref), state);
      return state;
    } catch (error) {
      const known = remembered.get(serviceKey(ref));
      if (known === undefined || !(error instanceof StoreUnavailable)) throw error;
      return known;
    }
  }

  async function attempt(draft: RevisionDraft): Promise<SaveOutcome> {
    const { ref, entity, values } = draft;
    return store.run((db) =>
      db.transaction(async (tx) => {
        const ofEntity = and(ofService(ref), eq(policyRevision.entity, entity));
        const [mine] = await tx.select().from(policyRevision).where(ofEntity).orderBy(desc(policyRevision.rev)).limit(1);
        if (mine !== undefined && mine.rev > draft.baseRev) {
          return { kind: 'conflict', conflict: { rev: mine.rev, by: mine.by, atMs: mine.at.getTime(), values: mine.after } };
        }
        const [last] = await newest(tx, ref);
        const recorded = { rev: last?.rev ?? 0, entities: last?.document ?? {} };
        const base = draft.live !== null && draft.live.rev > recorded.rev ? draft.live : recorded;
        const state = { rev: base.rev + 1, entities: { ...base.entities, [entity]: values } };
        const before = mine?.after ?? draft.codeValues;
        const row = {
          ...ref,
          rev: state.rev,
          at: new Date(draft.atMs),
          by: draft.by,
          entity,
          before,
          after: values,
          document: state.entities,
        };
        await tx.insert(policyRevision).values(row);
        return { kind: 'saved', state, before };
      }),
    );
  }

  return {
    current,
    async revisions(ref, max) {
      const rows = await store.run((db) =>
        db.select().from(policyRevision).where(ofService(ref)).orderBy(desc(policyRevision.rev)).limit(max),
      );
      return rows.map(({ rev, at, by, entity, before, after }) => ({ rev, atMs: at.getTime(), by, entity, before, after }));
    },
    async save(draft) {
      for (let tries = 1; ; tries += 1) {
        try {
          const outcome = await attempt(draft);
          if (outcome.kind === 'saved') remembered.set(serviceKey(draft.ref), outcome.state);
          return outcome;
        } catch (error) {
          // Another save took the number between the reading and the writing: judge anew.
          if (!isUniqueViolation(error) || tries >= TRIES_MAX) throw error;
        }
      }
    },
    async reconcile(operator, services) {
      const published: ServiceRef[] = [];
      for (const { env, service } of services) {
        const ref = { env, service };
        const state = await current(ref);
        if (state.rev === 0) continue;
        const live = await operator.policies(ref);
        if (live !== null && live.rev >= state.rev) continue;
        await operator.publishPolicies(ref, { v: 1, rev: state.rev, entities: state.entities });
        published.push(ref);
      }
      return published;
    },
  };
}

function ofService(ref: ServiceRef) {
  return and(eq(policyRevision.env, ref.env), eq(policyRevision.service, ref.service));
}
