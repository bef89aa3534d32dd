import { isBulk } from './bulk-loader.ts';
import type { Loader } from './cache.ts';
import { countReads } from './count-reads.ts';
import type { EngineContext } from './engine-context.ts';
import type { EntityState } from './entity-state.ts';
import { loadOptions } from './load-table.ts';
import { LoadTerms } from './load-terms.ts';
import { runLoader } from './run-loader.ts';

/** Strategy `none`, and `skipCache`: each caller's own load behind the bulkhead. Redis is never touched. */
export async function loadUncached(context: EngineContext, entity: EntityState, id: string, load: Loader<unknown>): Promise<unknown> {
  const { clock, bulkhead, bus, faults } = context;
  const startedAtMs = clock.monotonicMs();
  const { loadTimeoutMs } = entity.policy;
  // A bulk load takes its place, and is counted, with all its ids at once.
  const bulk = isBulk(load);
  try {
    if (!bulk) await new Promise<void>((start, refuse) => bulkhead.enter(start, refuse, loadTimeoutMs));
  } catch (error) {
    bus.emit({ type: 'load.refused', entity: entity.name, id });
    throw error;
  }
  const beganMs = clock.monotonicMs();
  const costMs = () => clock.monotonicMs() - beganMs;
  if (!bulk) entity.metrics.counts.originCalls += 1;
  bus.emit({ type: 'load.started', entity: entity.name, id, leased: false, reason: 'bypass' });
  try {
    const loaded = await runLoader(faults.loader(load), loadOptions(context, entity, new LoadTerms(entity, null)));
    const value = entity.project(loaded);
    bus.emit({ type: 'load.ended', entity: entity.name, id, costMs: costMs() });
    return value;
  } catch (error) {
    if (!bulk) entity.metrics.counts.originErrors += 1;
    bus.emit({ type: 'load.failed', entity: entity.name, id, costMs: costMs(), error });
    throw error;
  } finally {
    if (!bulk) bulkhead.leave();
    countReads(context, entity, id, 'bypass', 1, startedAtMs);
  }
}
