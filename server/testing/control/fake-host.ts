import { type Clock, systemClock } from '../../engine/clock.ts';
import { type ControlLink, type ControlLinkHost, openControlLink } from '../../engine/control/control-link.ts';
import type { CacheEvent } from '../../engine/events.ts';
import { FaultSwitch } from '../../engine/fault/fault-switch.ts';
import type { KeySpaceRef } from '../../engine/operator/operator.ts';
import { resolveConnection } from '../../engine/redis/connection.ts';
import { openClient } from '../../engine/redis/open-client.ts';
import type { PolicyDocument } from '../../engine/wire/policy-document.ts';

/** One instance as the control plane sees it, without a cache behind it. */
export interface FakeInstance {
  readonly id: string;
  readonly link: ControlLink;
  readonly faults: FaultSwitch;
  readonly events: CacheEvent[];
  readonly policies: PolicyDocument[];
  readonly versions: string[];
  readonly frameTimes: number[];
  close(): Promise<void>;
}

export async function startInstance(
  url: string,
  ref: KeySpaceRef,
  id: string,
  allowFaults = true,
  clock: Clock = systemClock,
): Promise<FakeInstance> {
  const connection = resolveConnection(url);
  const events: CacheEvent[] = [];
  const policies: PolicyDocument[] = [];
  const versions: string[] = [];
  const frameTimes: number[] = [];
  const faults = new FaultSwitch({ allow: allowFaults, instance: id, emit: (event) => events.push(event) });
  const control = openClient(connection, 'control', { commandTimeoutMs: 1_000 });
  const host: ControlLinkHost = {
    ref,
    instance: id,
    allowFaults,
    startedAt: Date.now(),
    describeEntities: () => ({}),
    applyPolicies: (document) => policies.push(document),
    versionSeen: (entity, rev) => versions.push(`${entity} ${rev}`),
    takeFrame: (at, durationMs) => {
      frameTimes.push(at);
      return { v: 1, instance: id, at, durationMs, entities: {} };
    },
    explain: async () => ({ kind: 'unknown entity' }),
    emit: (event) => events.push(event),
  };
  const link = openControlLink(host, { control, faults, clock });
  await link.start();
  return {
    id,
    link,
    faults,
    events,
    policies,
    versions,
    frameTimes,
    async close() {
      await link.close();
      faults.close();
      control.disconnect();
    },
  };
}
