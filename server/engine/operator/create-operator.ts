import { randomBytes } from 'node:crypto';
import { systemClock } from '../clock.ts';
import { awaitLive } from '../control/await-live.ts';
import { AckInbox } from '../control/collect-acks.ts';
import { operatorInboxChannel } from '../keys.ts';
import { type RedisConnection, resolveConnection } from '../redis/connection.ts';
import { openClient } from '../redis/open-client.ts';
import { createSubscriberHub } from '../redis/subscriber-hub.ts';
import { bumpVersion } from './bump-version.ts';
import { describeKeys } from './describe-keys.ts';
import { explainEntry } from './explain-entry.ts';
import { forgetInstances } from './forget-instances.ts';
import { FrameReader } from './frame-reader.ts';
import { findEntry, inspectEntry } from './inspect-entry.ts';
import { invalidateEntry } from './invalidate-entry.ts';
import { listInstances } from './list-instances.ts';
import { listServices } from './list-services.ts';
import type { Operator } from './operator.ts';
import { OperatorConnection } from './operator-connection.ts';
import { orderFaults } from './order-faults.ts';
import { publishPolicies } from './publish-policies.ts';
import { readFaults, readPolicies } from './read-documents.ts';
import { readRedisStats } from './read-redis-stats.ts';
import { readRedisTime } from './read-redis-time.ts';
import { readVersions } from './read-versions.ts';
import { ScanGovernor } from './scan-governor.ts';

const deadlineMsDefault = 1_000;

export interface OperatorOptions {
  redis: RedisConnection;
  /** Every command is given up after this. Default 1000. */
  deadlineMs?: number;
}

/**
 * Opens an operator's door. It connects by itself whenever Redis is there, now or later. Throws `ConfigurationError`
 * for a connection that cannot be one. Three connections: commands, frames (they block), acknowledgements.
 */
export function createOperator(options: OperatorOptions): Operator {
  const resolved = resolveConnection(options.redis);
  const clock = systemClock;
  const connection = new OperatorConnection(resolved, clock, options.deadlineMs ?? deadlineMsDefault);
  const frames = new FrameReader(resolved, clock);
  const hub = createSubscriberHub(openClient(resolved, 'subscriber', { commandTimeoutMs: 1_000, socketTimeoutMs: 1_000 }), clock, () => {
    // The inbox's listener parses and never throws.
  });
  const inbox = new AckInbox(hub, operatorInboxChannel(randomBytes(8).toString('hex')));
  const scans = new ScanGovernor(connection);
  return {
    async ready() {
      await connection.firstAttempt();
      // Without its inbox an early bump would show everybody as pending.
      if (connection.state().state === 'up') await awaitLive(hub, options.deadlineMs ?? deadlineMsDefault, clock);
    },
    async close() {
      inbox.close();
      hub.close();
      frames.close();
      connection.close();
    },
    state: () => connection.state(),
    onState: (listener) => connection.onState(listener),
    services: () => listServices(connection),
    instances: (ref) => listInstances(connection, ref),
    forgetInstances: (ref, before) => forgetInstances(connection, ref, before),
    frames: (after, { count, blockMs }) => frames.read(after, { count, blockMs }),
    redisStats: () => readRedisStats(connection),
    now: () => readRedisTime(connection),
    versions: (ref, entities) => readVersions(connection, ref, entities),
    bump: (ref, entity, { expectedRev }) => bumpVersion(connection, inbox, ref, entity, expectedRev),
    invalidate: (ref, entity, id, options) => invalidateEntry(connection, ref, entity, id, options),
    policies: (ref) => readPolicies(connection, ref),
    publishPolicies: (ref, document) => publishPolicies(connection, inbox, ref, document),
    orderFaults: (ref, change) => orderFaults(connection, inbox, ref, change),
    faults: (ref) => readFaults(connection, ref),
    scan: (ref, scanOptions) => scans.step(ref, scanOptions),
    describe: (keys) => describeKeys(connection, keys),
    find: (ref, entity, id, options) => findEntry(connection, ref, entity, id, options),
    inspect: (key) => inspectEntry(connection, key),
    explain: (ref, entity, id) => explainEntry(connection, inbox, ref, entity, id),
  };
}
