import type { EntityState } from './entity-state.ts';
import type { InstanceRecord } from './wire/instance-record.ts';
import type { PolicyDocument } from './wire/policy-document.ts';

/** Entries filled from now on carry the console's values; an entity that the document does not name has its code's again. */
export function applyPolicies(entities: ReadonlyMap<string, EntityState>, document: PolicyDocument): void {
  const overrides = new Map(Object.entries(document.entities));
  for (const entity of entities.values()) {
    const override = overrides.get(entity.name);
    entity.policy =
      override === undefined || entity.codePolicy.strategy === 'none' ? entity.codePolicy : { ...entity.codePolicy, ...override };
  }
}

/** How each entity stands here, for the registry. */
export function describeEntities(entities: ReadonlyMap<string, EntityState>): InstanceRecord['entities'] {
  const described: InstanceRecord['entities'] = {};
  for (const { name, policy, codePolicy } of entities.values()) {
    described[name] = {
      class: codePolicy.class,
      strategy: codePolicy.strategy,
      values: valuesOf(policy),
      codeValues: valuesOf(codePolicy),
    };
  }
  return described;
}

function valuesOf({ ttlMs, jitter, staleMs }: EntityState['policy']): { ttlMs: number; jitter: number; staleMs: number } {
  return { ttlMs, jitter, staleMs };
}
