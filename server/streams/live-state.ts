import type { InstanceRecord } from 'sideboard-engine';
import type { AuditRowView } from '../contract/audit.ts';
import type { EntityLatency, InstanceView, LiveMark, LiveState, RedisState, TopKeysView } from '../contract/live.ts';
import type { AuditLog } from '../control/audit/audit-log.ts';
import type { FleetView } from '../control/deps.ts';
import type { ExperimentBook } from '../control/lab/experiment-book.ts';
import type { Store } from '../db/store.ts';
import type { BreakerWatch } from './breaker-watch.ts';
import { WINDOW_SECONDS } from './point-window.ts';

const EXPERIMENTS_MAX = 20;
const MARKS_MAX = 100;

const markKinds: Record<string, { kind: LiveMark['kind']; verb: string }> = {
  'keys.invalidate': { kind: 'invalidate', verb: 'invalidated' },
  'versions.bump': { kind: 'bump', verb: 'bumped' },
  'policies.save': { kind: 'policy', verb: 'policy of' },
  'lab.start': { kind: 'experiment', verb: 'experiment on' },
  'lab.stop': { kind: 'experiment', verb: 'stopped' },
  'lab.halt': { kind: 'experiment', verb: 'halted' },
};

interface Sources {
  fleet: FleetView;
  breakers: BreakerWatch;
  experiments: ExperimentBook;
  audit: AuditLog;
  store: Store;
  redis: RedisState;
  entityLatency: EntityLatency[];
  topKeys: TopKeysView[];
  /** ms since 1970 of this process: the audit's clock. */
  now: number;
}

/** What every page knows at this moment. */
export function liveState({ fleet, breakers, experiments, audit, store, redis, entityLatency, topKeys, now }: Sources): LiveState {
  const nowMs = fleet.redisNow();
  const services = fleet.services().map(({ env, service }) => ({ env, service }));
  return {
    nowMs,
    redis,
    store: store.state(),
    services,
    instances: services.flatMap((ref) => fleet.instances(ref).map((record) => instanceView(ref, record, { fleet, breakers }))),
    instancesKnownToMs: fleet.knownToMs(),
    experiments: experiments.list().slice(0, EXPERIMENTS_MAX),
    entityLatency,
    topKeys,
    marks: marksOf(audit.remembered(), now - WINDOW_SECONDS * 1_000, nowMs - now),
  };
}

function instanceView(
  ref: { env: string; service: string },
  record: InstanceRecord,
  { fleet, breakers }: Pick<Sources, 'fleet' | 'breakers'>,
): InstanceView {
  return {
    id: record.id,
    ...ref,
    host: record.host,
    pid: record.pid,
    engine: record.engine,
    startedAtMs: record.startedAt,
    lastSeenMs: record.lastSeenAt,
    alive: fleet.isAlive(record),
    allowFaults: record.allowFaults,
    policyRev: record.policyRev,
    faults: record.faults,
    breakers: breakers.of(record.id),
  };
}

/** Charts count in Redis time; the audit in ours, which is `aheadMs` behind it. */
function marksOf(rows: readonly AuditRowView[], sinceMs: number, aheadMs: number): LiveMark[] {
  return rows
    .filter((row) => row.outcome === 'done' && row.atMs >= sinceMs)
    .slice(0, MARKS_MAX)
    .flatMap((row) => {
      const known = Object.hasOwn(markKinds, row.action) ? markKinds[row.action] : undefined;
      return known === undefined
        ? []
        : [{ id: row.id, atMs: row.atMs + aheadMs, kind: known.kind, label: `${known.verb} ${row.target}`, by: row.by }];
    });
}
