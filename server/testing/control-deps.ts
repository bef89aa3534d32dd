import type { AuditIntent, AuditResult } from '../control/audit/audit-log.ts';
import type { ControlDeps } from '../control/deps.ts';
import { createExperimentBook } from '../control/lab/experiment-book.ts';
import { createOnce } from '../control/once.ts';
import { createPolicyBook } from '../control/policies/policy-book.ts';
import { unconfiguredOperator } from '../control/unconfigured-operator.ts';
import { openStore, StoreUnavailable } from '../db/store.ts';
import { createFleetWatch } from '../streams/fleet-watch.ts';
import { createLiveFeed } from '../streams/live-feed.ts';

export interface RecordedAudit {
  intents: AuditIntent[];
  results: (AuditResult & { id: string })[];
  denied: (AuditIntent & { reason: string })[];
}

/** Use cases without Redis and without a database; what would be audited is recorded. `auditUp: false`: the audit can be written nowhere. */
export function controlDeps(options: { readonly?: boolean; auditUp?: boolean } = {}): { deps: ControlDeps; audit: RecordedAudit } {
  const audit: RecordedAudit = { intents: [], results: [], denied: [] };
  const store = openStore({ url: null, migrationsFolder: '' });
  const operator = unconfiguredOperator('none in this test', 0);
  const now = () => 1_000;
  const fleet = createFleetWatch(operator, now);
  const deps: ControlDeps = {
    operator,
    store,
    fleet,
    audit: {
      async intent(intent, { withoutStore }) {
        if (options.auditUp === false && !withoutStore) throw new StoreUnavailable('down');
        audit.intents.push(intent);
      },
      async result(id, result) {
        audit.results.push({ id, ...result });
      },
      async denied(intent) {
        audit.denied.push(intent);
      },
      recent: async () => [],
      remembered: () => [],
      refresh: async () => undefined,
      drain: async () => undefined,
    },
    once: createOnce(store, now),
    policies: createPolicyBook(store),
    experiments: createExperimentBook(store),
    live: createLiveFeed({ snapshot: () => ({ state: emptyState, points: [] }), now }),
    log: { error: () => undefined, warn: () => undefined },
    now,
    secret: 'a secret of thirty-two characters',
    readonly: options.readonly ?? false,
    nonProductionEnvs: ['demo'],
  };
  return { deps, audit };
}

export const emptyState = {
  nowMs: 0,
  redis: {
    state: 'connecting' as const,
    reason: null,
    sinceMs: 0,
    address: '',
    version: null,
    maxMemoryBytes: null,
    memoryUsedBytes: null,
    fragmentationRatio: null,
    maxMemoryPolicy: null,
    keys: null,
  },
  store: { state: 'down' as const, reason: null, sinceMs: 0 },
  services: [],
  instances: [],
  instancesKnownToMs: null,
  experiments: [],
  entityLatency: [],
  topKeys: [],
  marks: [],
};
