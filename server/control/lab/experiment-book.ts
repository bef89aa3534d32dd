import { desc, eq } from 'drizzle-orm';
import { choosesInstance, type FaultOrder, type InstanceRecord, type KeySpaceRef } from 'sideboard-engine';
import type { ExperimentView } from '../../contract/lab.ts';
import { experiment } from '../../db/schema.ts';
import { type Store, StoreUnavailable } from '../../db/store.ts';
import { faultOf } from './fault-order.ts';

/** Every experiment that this console knows, in memory: listing and stopping need no database. */
export interface ExperimentBook {
  /** Newest first. */
  list(): ExperimentView[];
  find(id: string): ExperimentView | undefined;
  /** Writes the row; rejects with `StoreUnavailable`, and then knows nothing of it. */
  add(view: ExperimentView): Promise<void>;
  /** These instances said that they apply it. Never rejects because of the store. */
  applied(id: string, acks: readonly { instance: string; afterMs: number }[]): Promise<ExperimentView | undefined>;
  /** Never rejects because of the store: the row is completed when it is back. */
  end(id: string, ended: 'expired' | 'stopped', atMs: number): Promise<ExperimentView | undefined>;
  /** What the fleet says: who applies what, and orders in Redis that another console gave. */
  observe(ref: KeySpaceRef, instances: readonly InstanceRecord[], orders: readonly FaultOrder[], nowMs: number): void;
  /** Ends what has run out, completes rows that the store missed, reads those of other consoles. */
  refresh(nowMs: number): Promise<void>;
}

const KEPT_MAX = 50;
/** Stopping waits no longer than this for the database; the row is then written later. */
const PATIENCE_MS = 500;

export function createExperimentBook(store: Store): ExperimentBook {
  const known = new Map<string, ExperimentView>();
  const unwritten = new Set<string>();

  function keep(view: ExperimentView): void {
    known.set(view.id, view);
    for (const old of list().slice(KEPT_MAX)) if (old.endedAtMs !== null) known.delete(old.id);
  }

  const list = () => [...known.values()].sort((a, b) => b.startedAtMs - a.startedAtMs);

  async function write(id: string): Promise<void> {
    const view = known.get(id);
    if (view === undefined) return;
    unwritten.add(id);
    try {
      const { endedAtMs, ended, appliedBy, expected, ackMs } = view;
      await store.run((db) => db.update(experiment).set({ endedAtMs, ended, appliedBy, expected, ackMs }).where(eq(experiment.id, id)), {
        patienceMs: PATIENCE_MS,
      });
      unwritten.delete(id);
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
    }
  }

  async function end(id: string, ended: 'expired' | 'stopped', atMs: number): Promise<ExperimentView | undefined> {
    const view = known.get(id);
    if (view === undefined || view.endedAtMs !== null) return view;
    const over = { ...view, ended, endedAtMs: atMs };
    keep(over);
    await write(id);
    return over;
  }

  return {
    list,
    find: (id) => known.get(id),
    async add(view) {
      await store.run((db) => db.insert(experiment).values(view));
      keep(view);
    },
    async applied(id, acks) {
      const view = known.get(id);
      if (view === undefined) return undefined;
      const instances = acks.map(({ instance }) => instance);
      const ackMs = { ...view.ackMs, ...Object.fromEntries(acks.map(({ instance, afterMs }) => [instance, afterMs])) };
      const heard = { ...view, ackMs, appliedBy: union(view.appliedBy, instances), expected: union(view.expected, instances) };
      keep(heard);
      await write(id);
      return heard;
    },
    end,
    observe(ref, instances, orders, nowMs) {
      const { env, service } = ref;
      for (const order of orders) {
        if (known.has(order.id) || order.endsAt <= nowMs) continue;
        // Ordered elsewhere, or before the database was lost: it runs, so it must be seen and can be stopped.
        const { id, instancesPercent, endsAt } = order;
        const found = { id, env, service, fault: faultOf(order), instancesPercent, reason: 'ordered elsewhere', by: 'unknown' };
        keep({ ...found, startedAtMs: nowMs, endsAtMs: endsAt, endedAtMs: null, ended: null, appliedBy: [], expected: [], ackMs: {} });
      }
      for (const view of known.values()) {
        if (view.env !== env || view.service !== service || view.endedAtMs !== null) continue;
        const applying = instances.filter((instance) => instance.faults.includes(view.id)).map(({ id }) => id);
        const willing = instances.filter(({ allowFaults }) => allowFaults).map(({ id }) => id);
        const meant = willing.filter((instance) => choosesInstance(instance, view.id, view.instancesPercent));
        const appliedBy = union(view.appliedBy, applying);
        known.set(view.id, { ...view, appliedBy, expected: union(meant, appliedBy) });
      }
    },
    async refresh(nowMs) {
      for (const view of known.values())
        if (view.endedAtMs === null && view.endsAtMs <= nowMs) await end(view.id, 'expired', view.endsAtMs);
      if (store.state().state === 'down') return;
      for (const id of unwritten) await write(id);
      const rows = await store.run((db) => db.select().from(experiment).orderBy(desc(experiment.startedAtMs)).limit(KEPT_MAX));
      for (const row of rows) {
        const before = known.get(row.id);
        if (before?.endedAtMs != null) continue;
        keep({ ...row, appliedBy: union(row.appliedBy, before?.appliedBy ?? []), expected: before?.expected ?? row.expected });
      }
    },
  };
}

const union = (some: readonly string[], more: readonly string[]) => [...new Set([...some, ...more])];
