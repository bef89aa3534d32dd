import type { InstanceRecord } from 'sideboard-engine';
import type { PolicyList, PolicyRow } from '../../contract/policies.ts';
import type { ServiceRef } from '../../contract/service-ref.ts';
import type { ControlDeps } from '../deps.ts';

/** What the running instances apply, beside what their code asked for and what the console overrides. */
export async function listPolicies(deps: ControlDeps, ref: ServiceRef): Promise<PolicyList> {
  const state = await deps.policies.current(ref);
  const instances = deps.fleet.instances(ref);
  const alive = instances.filter(deps.fleet.isAlive);
  const rows = new Map<string, PolicyRow>();
  // The newest word about an entity wins: running instances before dead ones, later heartbeats before earlier.
  for (const instance of [...instances].sort((a, b) => a.lastSeenAt - b.lastSeenAt)) {
    for (const [entity, { class: name, strategy, values, codeValues }] of Object.entries(instance.entities)) {
      rows.set(entity, { entity, class: name, strategy, values, codeValues, overridden: Object.hasOwn(state.entities, entity) });
    }
  }
  return {
    rev: state.rev,
    rows: [...rows.values()].sort((a, b) => (a.entity < b.entity ? -1 : 1)),
    appliedBy: alive.filter((instance) => applies(instance, state.rev)).map(({ id }) => id),
    expected: alive.map(({ id }) => id),
    knownToMs: deps.fleet.knownToMs(),
  };
}

function applies(instance: InstanceRecord, rev: number): boolean {
  return (instance.policyRev ?? 0) >= rev;
}
