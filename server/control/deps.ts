import type { FaultOrder, InstanceRecord, KeySpaceRef, Operator } from 'sideboard-engine';
import type { LiveMessage } from '../contract/live.ts';
import type { Store } from '../db/store.ts';
import type { AuditLog } from './audit/audit-log.ts';
import type { ExperimentBook } from './lab/experiment-book.ts';
import type { Once } from './once.ts';
import type { PolicyBook } from './policies/policy-book.ts';

/** Where unexpected failures are written, with their cause. */
export interface ErrorLog {
  error(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** What the console last heard of the services, from memory: it answers while Redis is down too. */
export interface FleetView {
  services(): KeySpaceRef[];
  /** Every known instance of a service, dead ones included for a while. */
  instances(ref: KeySpaceRef): InstanceRecord[];
  isAlive(record: InstanceRecord): boolean;
  /** Up to when all this is known, by Redis, ms; null before the first answer. */
  knownToMs(): number | null;
  /** Asks Redis for the instances of one service at once. Rejects when it does not answer; all stays as it was then. */
  look(ref: KeySpaceRef): Promise<void>;
  /** The faults that Redis orders for a service. */
  faults(ref: KeySpaceRef): FaultOrder[];
  /** Redis time, ms, from the last measured offset. */
  redisNow(): number;
}

/** The live stream, shared by every browser. */
export interface LiveFeed {
  subscribe(options: { signal: AbortSignal; stillAllowed: () => Promise<boolean> }): AsyncGenerator<LiveMessage, void, undefined>;
}

/** What the use cases work with. */
export interface ControlDeps {
  operator: Operator;
  store: Store;
  audit: AuditLog;
  once: Once;
  fleet: FleetView;
  policies: PolicyBook;
  experiments: ExperimentBook;
  live: LiveFeed;
  log: ErrorLog;
  /** Milliseconds since 1970, of this process. */
  now: () => number;
  /** Signs what is handed to browsers and comes back. */
  secret: string;
  readonly: boolean;
  nonProductionEnvs: readonly string[];
}
