import { type HaltView, haltInput } from '../../contract/lab.ts';
import { serviceKey } from '../../contract/live.ts';
import { defineAction } from '../define-action.ts';

/** Ends every fault of every service, also those that another console ordered. A service that cannot be told keeps no other from its end. */
export const haltExperiments = defineAction({
  name: 'lab.halt',
  permission: 'lab.stop',
  input: haltInput,
  audit: { target: () => 'every experiment', withoutStore: true },
  async run({ deps }): Promise<{ result: HaltView; before: unknown }> {
    const running = deps.experiments.list().filter(({ endedAtMs }) => endedAtMs === null);
    const struck = [...running, ...deps.fleet.services().filter((ref) => deps.fleet.faults(ref).length > 0)];
    const refs = new Map(struck.map(({ env, service }) => [serviceKey({ env, service }), { env, service }]));
    const result: HaltView = { stopped: [], unreached: [] };
    const halt = async (ref: { env: string; service: string }) => {
      try {
        await deps.operator.orderFaults(ref, { stop: 'all' });
      } catch (error) {
        // Its message alone: a cause may hold the arguments of a command.
        deps.log.warn(
          { ...ref, reason: error instanceof Error ? error.message : 'unknown' },
          'the faults of a service could not be halted',
        );
        result.unreached.push(ref);
        return;
      }
      const mine = running.filter(({ env, service }) => env === ref.env && service === ref.service);
      const ended = mine.map(({ id, endsAtMs }) => deps.experiments.end(id, 'stopped', Math.min(deps.fleet.redisNow(), endsAtMs)));
      for (const view of await Promise.all(ended)) if (view !== undefined) result.stopped.push(view);
    };
    await Promise.all([...refs.values()].map(halt));
    return { result, before: running };
  },
});
