import { OperatorUnavailable } from 'sideboard-engine';
import { type SavePolicyReceipt, savePolicyInput } from '../../contract/policies.ts';
import type { EntityRef } from '../../contract/service-ref.ts';
import { ControlError } from '../control-error.ts';
import { defineAction } from '../define-action.ts';
import type { ControlDeps } from '../deps.ts';

/**
 * Numbers a revision in Postgres, which is the record, then publishes it. If Redis is away the revision stands and is
 * published when Redis is back: the receipt then names every instance as pending.
 */
export const savePolicy = defineAction({
  name: 'policies.save',
  permission: 'policies.save',
  input: savePolicyInput,
  audit: { target: ({ env, service, entity }) => `${env} / ${service} / ${entity}` },
  idempotencyKey: (input) => input.idempotencyKey,
  async run(
    { deps, actor, auditId },
    { env, service, entity, values, baseRev },
  ): Promise<{ result: SavePolicyReceipt; before: unknown; after: unknown }> {
    const ref = { env, service };
    const codeValues = codeValuesOf(deps, { ...ref, entity });
    const live = await unlessUnavailable(deps.operator.policies(ref));
    const outcome = await deps.policies.save({ ref, entity, values, baseRev, by: actor.name, atMs: deps.now(), codeValues, live });
    if (outcome.kind === 'conflict') {
      const { conflict } = outcome;
      throw new ControlError('CONFLICT', `${conflict.by} saved revision ${conflict.rev} of this policy meanwhile.`, { details: conflict });
    }
    const { state, before } = outcome;
    const acks = await unlessUnavailable(deps.operator.publishPolicies(ref, { v: 1, rev: state.rev, entities: state.entities }));
    // An instance registers what it applies along with its acknowledgement: who lists the policies now has to see it.
    if (acks !== null) await unlessUnavailable(deps.fleet.look(ref));
    const everybody = deps.fleet.instances(ref).filter(deps.fleet.isAlive);
    return {
      before,
      after: { rev: state.rev, values },
      result: { rev: state.rev, ackedBy: acks?.ackedBy ?? [], pending: acks?.pending ?? everybody.map(({ id }) => id), auditId },
    };
  },
});

/** Throws when no instance knows the entity, or when it is one that is never cached. */
function codeValuesOf(deps: ControlDeps, { env, service, entity }: EntityRef) {
  const known = deps.fleet
    .instances({ env, service })
    .map((instance) => (Object.hasOwn(instance.entities, entity) ? instance.entities[entity] : undefined))
    .filter((found) => found !== undefined);
  const [first] = known;
  if (first === undefined) throw new ControlError('NOT_FOUND', 'No instance of this service declares this entity.');
  if (known.every(({ strategy }) => strategy === 'none')) {
    throw new ControlError('BAD_INPUT', 'entity: is never cached, so it has no TTL', { field: 'entity' });
  }
  return first.codeValues;
}

/** The revision stands in Postgres either way, and the reconciler brings it to Redis. */
async function unlessUnavailable<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof OperatorUnavailable) return null;
    throw error;
  }
}
