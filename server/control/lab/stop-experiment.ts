import { type ExperimentView, stopExperimentInput } from '../../contract/lab.ts';
import { ControlError } from '../control-error.ts';
import { defineAction } from '../define-action.ts';

/** Ends an experiment now. Stopping what has ended is no error, and no database is needed to stop. */
export const stopExperiment = defineAction({
  name: 'lab.stop',
  permission: 'lab.stop',
  input: stopExperimentInput,
  audit: { target: ({ id }) => `experiment ${id}`, withoutStore: true },
  async run({ deps }, { id }): Promise<{ result: ExperimentView; before: unknown }> {
    const view = deps.experiments.find(id);
    if (view === undefined) throw new ControlError('NOT_FOUND', 'There is no such experiment.');
    if (view.endedAtMs !== null) return { result: view, before: view };
    await deps.operator.orderFaults({ env: view.env, service: view.service }, { stop: [id] });
    const atMs = Math.min(deps.fleet.redisNow(), view.endsAtMs);
    return { result: (await deps.experiments.end(id, 'stopped', atMs)) ?? view, before: view };
  },
});
