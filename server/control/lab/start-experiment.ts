import { randomUUID } from 'node:crypto';
import { type FaultOrder, OperatorUnavailable } from 'sideboard-engine';
import { type ExperimentInput, type ExperimentView, startExperimentInput } from '../../contract/lab.ts';
import { ControlError } from '../control-error.ts';
import { defineAction } from '../define-action.ts';

/** Orders one bounded failure at the sockets of a service's instances. It ends by itself at a Redis time, whoever is dead then. */
export const startExperiment = defineAction({
  name: 'lab.start',
  permission: 'lab.start',
  input: startExperimentInput,
  audit: { target: ({ experiment }) => `${experiment.env} / ${experiment.service}: ${describe(experiment)}` },
  idempotencyKey: (input) => input.idempotencyKey,
  async run({ deps, actor }, { experiment }): Promise<{ result: ExperimentView }> {
    const { env, service, kind, seconds, reason } = experiment;
    const ref = { env, service };
    const alive = (await deps.operator.instances(ref)).filter(deps.fleet.isAlive);
    const willing = alive.filter(({ allowFaults }) => allowFaults);
    if (alive.length === 0) throw new ControlError('NOT_FOUND', 'No instance of this service runs.');
    if (willing.length === 0) {
      throw new ControlError('FORBIDDEN', 'No instance of this service allows experiments: its owner must set allowFaults.');
    }
    const startedAtMs = await deps.operator.now();
    const running = deps.experiments.active(ref, startedAtMs);
    const standing = (await deps.operator.faults(ref)).find(({ endsAt }) => endsAt > startedAtMs);
    if (running !== undefined || standing !== undefined) {
      throw new ControlError('CONFLICT', 'An experiment runs on this service already. Stop it first, or wait for its end.', {
        details: running,
      });
    }
    const id = randomUUID();
    const endsAtMs = startedAtMs + seconds * 1_000;
    const latencyMs = experiment.kind === 'slow' ? experiment.latencyMs : null;
    const expected = willing.map((instance) => instance.id);
    const over = { endedAtMs: null, ended: null };
    const view = { id, ...ref, kind, latencyMs, reason, by: actor.name, startedAtMs, endsAtMs, ...over, appliedBy: [], expected };
    await deps.experiments.add(view);
    try {
      const { ackedBy } = await deps.operator.orderFaults(ref, [orderOf(experiment, id, endsAtMs)]);
      const appliedBy = ackedBy.map(({ instance }) => instance);
      await deps.experiments.applied(id, appliedBy);
      return { result: { ...view, appliedBy } };
    } catch (error) {
      // Where the order may have arrived it is shown as running, can be stopped, and ends by itself.
      const arrived = error instanceof OperatorUnavailable && error.applied === 'unknown';
      if (!arrived) await deps.experiments.end(id, 'stopped', startedAtMs);
      throw error;
    }
  },
});

function orderOf(experiment: ExperimentInput, id: string, endsAt: number): FaultOrder {
  return experiment.kind === 'slow' ? { kind: 'slow', id, endsAt, latencyMs: experiment.latencyMs } : { kind: 'down', id, endsAt };
}

function describe(experiment: ExperimentInput): string {
  const what = experiment.kind === 'slow' ? `Redis slow by ${experiment.latencyMs} ms` : 'Redis down';
  return `${what} for ${experiment.seconds} s`;
}
