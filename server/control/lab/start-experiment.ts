import { choosesInstance, OperatorUnavailable } from 'sideboard-engine';
import { describeFault } from '../../contract/describe-fault.ts';
import { EXPERIMENTS_AT_A_TIME_MAX, type ExperimentView, startExperimentInput } from '../../contract/lab.ts';
import { ControlError } from '../control-error.ts';
import { defineAction } from '../define-action.ts';
import { drawOrderId, orderOf } from './fault-order.ts';

/** Orders one bounded failure for instances of a service. It ends by itself at a Redis time, whoever is dead then. */
export const startExperiment = defineAction({
  name: 'lab.start',
  permission: 'lab.start',
  input: startExperimentInput,
  audit: {
    target: ({ experiment: { env, service, fault, instancesPercent, seconds } }) =>
      `${env} / ${service}: ${describeFault(fault)} for ${seconds} s${instancesPercent === 100 ? '' : `, ${instancesPercent}% of instances`}`,
  },
  idempotencyKey: (input) => input.idempotencyKey,
  async run({ deps, actor }, { experiment }): Promise<{ result: ExperimentView }> {
    const { env, service, fault, instancesPercent, seconds, reason } = experiment;
    const ref = { env, service };
    const alive = (await deps.operator.instances(ref)).filter(deps.fleet.isAlive);
    const willing = alive.filter(({ allowFaults }) => allowFaults).map((instance) => instance.id);
    if (alive.length === 0) throw new ControlError('NOT_FOUND', 'No instance of this service runs.');
    if (willing.length === 0) {
      throw new ControlError('FORBIDDEN', 'No instance of this service allows experiments: its owner must set allowFaults.');
    }
    const startedAtMs = await deps.operator.now();
    const standing = (await deps.operator.faults(ref)).filter(({ endsAt }) => endsAt > startedAtMs);
    if (standing.length >= EXPERIMENTS_AT_A_TIME_MAX) {
      throw new ControlError('CONFLICT', `${standing.length} experiments run on this service already. Stop one first, or wait for an end.`);
    }
    const id = drawOrderId(willing, instancesPercent);
    const endsAtMs = startedAtMs + seconds * 1_000;
    const expected = willing.filter((instance) => choosesInstance(instance, id, instancesPercent));
    const what = { id, ...ref, fault, instancesPercent, reason, by: actor.name, startedAtMs, endsAtMs };
    const view = { ...what, endedAtMs: null, ended: null, appliedBy: [], expected, ackMs: {} };
    await deps.experiments.add(view);
    try {
      const { ackedBy } = await deps.operator.orderFaults(ref, { start: [orderOf(experiment, id, endsAtMs)] });
      // Those who are not meant say so too: that they know.
      const acks = ackedBy.filter(({ instance }) => expected.includes(instance));
      return { result: (await deps.experiments.applied(id, acks)) ?? view };
    } catch (error) {
      // Where the order may have arrived it is shown as running, can be stopped, and ends by itself.
      const arrived = error instanceof OperatorUnavailable && error.applied === 'unknown';
      if (!arrived) await deps.experiments.end(id, 'stopped', startedAtMs);
      throw error;
    }
  },
});
