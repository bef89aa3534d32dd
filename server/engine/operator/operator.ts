import type { InvalidationMode } from '../invalidate-key.ts';
import type { InstanceExplanation } from '../wire/explained.ts';
import type { FaultOrder } from '../wire/fault-order.ts';
import type { Frame } from '../wire/frame.ts';
import type { InstanceRecord } from '../wire/instance-record.ts';
import type { PolicyDocument } from '../wire/policy-document.ts';
import type { FaultChange } from './order-faults.ts';

/**
 * The operator's door: what a console does to every env and service of one Redis. It registers nothing, reads no
 * data on any request path, and its connections carry no faults. Every method rejects with `OperatorUnavailable`
 * within `deadlineMs` when Redis cannot be asked; nothing was changed then, unless the error says otherwise.
 */
export interface Operator {
  /** Resolves once the first connection attempt has ended, well or not: a console starts without Redis too. */
  ready(): Promise<void>;
  close(): Promise<void>;
  state(): OperatorState;
  onState(listener: (state: OperatorState) => void): () => void;

  services(): Promise<KeySpaceRef[]>;
  instances(ref: KeySpaceRef): Promise<InstanceRecord[]>;
  /** Drops records of instances that were last seen before `before` (Redis ms). Returns how many. */
  forgetInstances(ref: KeySpaceRef, before: number): Promise<number>;
  /** Frames after the stream ids given (`'0'`: all that is kept), over all services asked for, at most `count`; waits up to `blockMs`. Own connection. */
  frames(after: ReadonlyMap<KeySpaceRef, string>, options: { count: number; blockMs: number }): Promise<FrameBatch[]>;
  redisStats(): Promise<RedisStats>;
  /** Redis time, ms. */
  now(): Promise<number>;

  versions(ref: KeySpaceRef, entities: readonly string[]): Promise<Map<string, VersionView | null>>;
  /** Rule 7. `expectedRev` (null: no record yet) must still stand, else the result is `conflict` with the record that does. */
  bump(ref: KeySpaceRef, entity: string, options: { expectedRev: string | null }): Promise<BumpResult>;
  /** Rules 4 and 5. `soft` marks the entry stale in place; where Redis has no room for the mark, it is removed. */
  invalidate(ref: KeySpaceRef, entity: string, id: string, options?: InvalidateOptions): Promise<InvalidateResult>;

  policies(ref: KeySpaceRef): Promise<PolicyDocument | null>;
  /** Writes the document unless a higher `rev` stands, then tells the instances. */
  publishPolicies(ref: KeySpaceRef, document: PolicyDocument): Promise<AckResult>;
  /** Starts and stops faults of the service, then tells the instances; those whose owner allows none are not waited for. Throws a `ZodError` for an illegal order. */
  orderFaults(ref: KeySpaceRef, change: FaultChange): Promise<AckResult & { rev: number }>;
  faults(ref: KeySpaceRef): Promise<FaultOrder[]>;

  /** One bounded step of a safe walk over data keys of one service. The cursor is SCAN's own string. */
  scan(ref: KeySpaceRef, options: ScanOptions): Promise<ScanResult>;
  /** TTL and length of each key, in one pipeline; null for a key that is gone. */
  describe(keys: readonly Buffer[]): Promise<({ ttlMs: number; sizeBytes: number } | null)[]>;
  /** The entry under the current version, no SCAN; null if there is none. */
  find(ref: KeySpaceRef, entity: string, id: string, options?: FindOptions): Promise<EntryInspection | null>;
  inspect(key: Buffer): Promise<EntryInspection | null>;
  /** Asks running instances, at most 8 and the same ones each time, where the key stands for them and what their next read would do; waits for their answers for at most 1 s. */
  explain(ref: KeySpaceRef, entity: string, id: string): Promise<ExplainResult>;
}

export interface KeySpaceRef {
  readonly env: string;
  readonly service: string;
}

export type OperatorState =
  | { state: 'connecting'; since: number }
  | { state: 'up'; since: number; version: string }
  /** `reason`: one line for a person: refused, wrong password, not a Redis, name not found. Never holds a secret. */
  | { state: 'down'; since: number; reason: string };

export interface FrameBatch {
  ref: KeySpaceRef;
  /** The newest stream id of this batch: ask from here next. */
  lastId: string;
  frames: Frame[];
  /** Stream items that were no legal frame. */
  rejected: number;
}

export interface RedisStats {
  atMs: number;
  version: string;
  usedMemoryBytes: number;
  maxMemoryBytes: number;
  fragmentationRatio: number;
  maxMemoryPolicy: string;
  evictedKeys: number;
  expiredKeys: number;
  keys: number;
  /** Where this Redis is, without password: `127.0.0.1:6380`. */
  address: string;
}

export interface VersionView {
  /** Decimal strings: microseconds of Redis time. Shown in base 36 by `showVersion`. */
  rev: string;
  ns: string;
  prev: string | null;
}

export type BumpResult = ({ kind: 'bumped'; record: VersionView } & AckResult) | { kind: 'conflict'; record: VersionView | null };

export interface AckResult {
  ackedBy: { instance: string; afterMs: number }[];
  /** Instances that run by their heartbeat and had not answered when the wait (at most 1 s) ended. */
  pending: string[];
}

export interface ExplainResult {
  answers: { instance: string; explanation: InstanceExplanation }[];
  /** Those that were asked and have not answered in time: hung, busy, or of an engine that cannot. */
  pending: string[];
  /** How many run by their heartbeat, asked or not. */
  living: number;
}

export interface InvalidateResult {
  removed: number;
  /** Entries that stay, as stale (mode `soft`). */
  markedStale: number;
  leasesRevoked: number;
}

export interface ScanOptions {
  cursor: string;
  entity?: string;
  /** Literal characters: escaped by construction. */
  idPrefix?: string;
  /** The step ends when it has this many rows, or spent its rounds or its time, whichever is first. */
  rowsMax: number;
  signal?: AbortSignal;
}

export interface ScanResult {
  keys: ScannedKey[];
  /** `'0'`: the walk is over. */
  cursor: string;
  walked: number;
  total: number;
  rounds: number;
  redisMs: number;
}

export interface ScannedKey {
  key: Buffer;
  entity: string;
  id: string;
  version: string;
}

export interface FindOptions {
  /** The id is the head and digest of a long one, as its key holds them. */
  idHashed?: boolean;
}

export interface InvalidateOptions extends FindOptions {
  mode?: InvalidationMode;
}

export interface EntryInspection {
  key: Buffer;
  ref: KeySpaceRef;
  entity: string;
  id: string;
  /** True if `id` is the head and digest of a long one. */
  idHashed: boolean;
  /** Decimal. */
  version: string;
  ttlMs: number;
  sizeBytes: number;
  /** MEMORY USAGE SAMPLES 5; null over the length bound. */
  memoryBytes: number | null;
  /** The judged envelope, or why it is none. */
  content:
    | {
        kind: 'envelope';
        createdMs: number;
        freshUntilMs: number;
        expiresMs: number;
        loadCostMs: number;
        /** `json`, `msgpack`, `absent` (not found), or the id of the service's own. */
        codec: string;
        flags: string[];
        compressed: boolean;
        /** Of the payload, decompressed and as it stands. */
        rawBytes: number;
        storedBytes: number;
        /** 0 for none. */
        schemaHash: number;
        /** Undefined where only the service can read it. */
        value: unknown;
        /** The first bytes of what only the service can read; null for all else. */
        ownBytes: Buffer | null;
      }
    | { kind: 'problem'; problem: string };
  lease: { kind: 'load' | 'write'; ttlMs: number; waiters: number } | null;
  nowMs: number;
}
