import type { ExperimentView } from './lab.ts';
import type { ServiceRef } from './service-ref.ts';

/** Reads of one entity in one second, over all instances that reported. A read is counted once, under one outcome. */
export interface EntityCounts {
  /** Answered from the cache, fresh. */
  hits: number;
  /** Of the hits, those that the reading process answered by itself, without a round trip. */
  l1Hits: number;
  /** Answered from the cache, past its freshness, within the stale window. */
  stale: number;
  /** Redis answered, and had nothing that could be served. */
  misses: number;
  /** Redis could not be asked: never counted as a miss. */
  unavailable: number;
  /** Calls of the loader, background refreshes included. */
  originCalls: number;
  originErrors: number;
  invalidations: number;
  sets: number;
  /** Fills that a revoked lease or a newer version turned away. */
  fillsRejected: number;
}

/** Read latency as the callers felt it, in milliseconds; null where nothing was read. */
export interface LatencyMs {
  p50: number | null;
  p95: number | null;
  p99: number | null;
}

/** One second of one service. `instances` reported out of `expected`; fewer means that the second is partial. */
export interface ServicePoint {
  instances: number;
  expected: number;
  latency: LatencyMs;
  entities: Record<string, EntityCounts>;
}

/** One second. `services` is keyed by `serviceKey(ref)`. Fields of `redis` are null for a second in which it did not answer. */
export interface LivePoint {
  /** Redis time, whole seconds since 1970. */
  t: number;
  services: Record<string, ServicePoint>;
  redis: {
    evictedPerSecond: number | null;
    expiredPerSecond: number | null;
    memoryUsedBytes: number | null;
    fragmentationRatio: number | null;
  };
}

/** Latency of one entity over the window that the console holds. */
export interface EntityLatency {
  env: string;
  service: string;
  entity: string;
  latency: LatencyMs;
}

/** One key of a top list. `amount`: reads a second, or bytes as stored. */
export interface TopKeyView {
  entity: string;
  /** The id with everything that deceives the eye escaped; of a long one its beginning, then `…`. */
  display: string;
  /**
   * What finds the entry: its id, or (`idHashed`) the head and digest that its key holds of a long one, and how keys like it begin.
   * Null where an engine of an earlier build cut the id and said no more.
   */
  found: { id: string; idHashed: boolean; beginning: string } | null;
  amount: number;
}

/** Sampled: what the fleet of one service reads most, and the largest values that it wrote. */
export interface TopKeysView {
  env: string;
  service: string;
  /** Up to when the fleet told, ms since 1970 by Redis. */
  knownToMs: number;
  hot: TopKeyView[];
  big: TopKeyView[];
}

export interface RedisState {
  state: 'connecting' | 'up' | 'down';
  /** One line that says what to do, when down. */
  reason: string | null;
  /** When this state began, ms since 1970. */
  sinceMs: number;
  /** `127.0.0.1:6380`, never with a password. */
  address: string;
  version: string | null;
  maxMemoryBytes: number | null;
  memoryUsedBytes: number | null;
  fragmentationRatio: number | null;
  maxMemoryPolicy: string | null;
  keys: number | null;
}

export type BreakerState = 'closed' | 'open' | 'half-open';

/** Of each connection that serves the cache: does it ask Redis at all? */
export interface BreakersView {
  read: BreakerState;
  write: BreakerState;
  lease: BreakerState;
}

export interface InstanceView {
  id: string;
  env: string;
  service: string;
  host: string;
  pid: number;
  engine: string;
  startedAtMs: number;
  lastSeenMs: number;
  /** False once three heartbeats were missed. */
  alive: boolean;
  allowFaults: boolean;
  policyRev: number | null;
  /** Ids of the experiments that it suffers now. */
  faults: string[];
  /** Null for an engine that does not tell. */
  breakers: BreakersView | null;
}

/** Something an operator did, drawn on every chart. */
export interface LiveMark {
  id: string;
  atMs: number;
  kind: 'invalidate' | 'bump' | 'policy' | 'experiment';
  label: string;
  by: string;
}

/** What every page knows at every moment. */
export interface LiveState {
  nowMs: number;
  redis: RedisState;
  store: { state: 'up' | 'down'; reason: string | null; sinceMs: number };
  services: ServiceRef[];
  instances: InstanceView[];
  /** Up to when the instances are known, ms since 1970 by Redis; null until they were asked for once. */
  instancesKnownToMs: number | null;
  experiments: ExperimentView[];
  entityLatency: EntityLatency[];
  topKeys: TopKeysView[];
  marks: LiveMark[];
}

/** `live.stream` yields one snapshot, then a tick each second. Points are upserts by `t`: a late frame changes an older second. */
export type LiveMessage =
  | { type: 'snapshot'; state: LiveState; points: LivePoint[]; windowSeconds: number }
  | { type: 'tick'; state: LiveState; points: LivePoint[] };

/** The key of a service within `LivePoint.services`. */
export function serviceKey(ref: ServiceRef): string {
  return JSON.stringify([ref.env, ref.service]);
}
