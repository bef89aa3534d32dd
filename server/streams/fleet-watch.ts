import type { FaultOrder, InstanceRecord, KeySpaceRef, Operator } from 'sideboard-engine';
import { serviceKey } from '../contract/live.ts';
import type { FleetView } from '../control/deps.ts';

/** Three heartbeats of a second each, and the time of one reading. */
const ALIVE_MS = 3_500;
/** A dead instance is shown this long. */
const FORGOTTEN_AFTER_MS = 120_000;
const SERVICES_MAX = 100;

export interface FleetWatch extends FleetView {
  /** Asks Redis once. What it cannot say stays as it was. */
  poll(): Promise<void>;
}

interface Known {
  ref: KeySpaceRef;
  instances: InstanceRecord[];
  faults: FaultOrder[];
}

export function createFleetWatch(operator: Operator, now: () => number): FleetWatch {
  const known = new Map<string, Known>();
  let offsetMs = 0;
  let polledAt: number | null = null;

  const redisNow = () => Math.round(now() + offsetMs);

  function entryOf(ref: KeySpaceRef): Known {
    const key = serviceKey(ref);
    const entry = known.get(key) ?? { ref: { env: ref.env, service: ref.service }, instances: [], faults: [] };
    known.set(key, entry);
    return entry;
  }

  async function pollService(ref: KeySpaceRef): Promise<void> {
    const entry = entryOf(ref);
    const [instances, faults] = await Promise.all([operator.instances(entry.ref), operator.faults(entry.ref)]);
    entry.instances = instances;
    entry.faults = faults;
    const before = redisNow() - FORGOTTEN_AFTER_MS;
    if (instances.some(({ lastSeenAt }) => lastSeenAt < before)) await operator.forgetInstances(entry.ref, before);
  }

  return {
    redisNow,
    services: () => [...known.values()].map(({ ref }) => ref),
    instances: (ref) => known.get(serviceKey(ref))?.instances ?? [],
    faults: (ref) => known.get(serviceKey(ref))?.faults ?? [],
    // As of the last answer: while Redis is away nobody's heartbeat is seen, and nobody is dead for that.
    isAlive: (record) => polledAt === null || polledAt - record.lastSeenAt < ALIVE_MS,
    knownToMs: () => polledAt,
    async look(ref) {
      const instances = await operator.instances(ref);
      entryOf(ref).instances = instances;
    },
    async poll() {
      const sentAt = now();
      const time = await operator.now();
      offsetMs = time - (sentAt + now()) / 2;
      const services = (await operator.services()).slice(0, SERVICES_MAX);
      await Promise.all(services.map(pollService));
      polledAt = redisNow();
    },
  };
}
