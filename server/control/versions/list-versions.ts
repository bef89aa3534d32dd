import { showVersion } from 'sideboard-engine';
import type { ServiceRef } from '../../contract/service-ref.ts';
import type { VersionList } from '../../contract/versions.ts';
import type { ControlDeps } from '../deps.ts';

/** Every entity that an instance of the service declares, with its version record. */
export async function listVersions(deps: ControlDeps, ref: ServiceRef): Promise<VersionList> {
  const instances = deps.fleet.instances(ref);
  const classes = new Map(
    instances.flatMap((instance) => Object.entries(instance.entities).map(([entity, { class: name }]) => [entity, name])),
  );
  if (classes.size === 0) return { rows: [], nowMs: deps.fleet.redisNow() };
  const records = await deps.operator.versions(ref, [...classes.keys()]);
  const rows = [...classes].sort(byName).map(([entity, className]) => {
    const record = records.get(entity) ?? null;
    return {
      entity,
      version: record === null ? null : showVersion(record.ns),
      previous: record?.prev == null ? null : showVersion(record.prev),
      rev: record?.rev ?? null,
      sinceMs: record === null ? null : Number(BigInt(record.ns) / 1_000n),
      class: className,
      instances: instances.filter((instance) => deps.fleet.isAlive(instance) && Object.hasOwn(instance.entities, entity)).length,
    };
  });
  return { rows, nowMs: deps.fleet.redisNow() };
}

function byName([a]: [string, string], [b]: [string, string]): number {
  return a < b ? -1 : 1;
}
