import type { Frame, KeySpaceRef } from 'sideboard-engine';
import { type EntityCounts, type EntityLatency, type LatencyMs, type LivePoint, serviceKey } from '../contract/live.ts';
import { decodeSketch, emptySketch, type LatencySketch, latencyOf, noLatency } from './read-latency.ts';

export const WINDOW_SECONDS = 300;
/** Later than this a frame still counts, and no longer changes its second's percentiles: their sketch is dropped. */
const SETTLED_SECONDS = 20;
const CHUNK_SECONDS = 30;
const SERVICES_MAX = 100;
const ENTITIES_MAX = 200;
const REPORTERS_MAX = 5_000;

interface ServiceSecond {
  reporters: Set<string>;
  expected: number;
  sketch: LatencySketch | null;
  latency: LatencyMs;
  entities: Map<string, EntityCounts>;
}

interface Second {
  services: Map<string, ServiceSecond>;
  redis: LivePoint['redis'];
}

interface EntityChunks {
  ref: KeySpaceRef;
  entity: string;
  chunks: Map<number, LatencySketch>;
}

/** The last five minutes, second by second, from the frames of all instances. */
export interface PointWindow {
  /** `expected`: instances of the service that run now. A frame that was added before changes nothing. */
  addFrame(ref: KeySpaceRef, frame: Frame, expected: number): void;
  addRedis(t: number, sample: LivePoint['redis']): void;
  /** Everything held, oldest first. */
  points(): LivePoint[];
  /** What changed since this was last asked. */
  takeChanged(): LivePoint[];
  entityLatency(): EntityLatency[];
  /** Forgets what is older than the window. */
  trim(nowMs: number): void;
}

const noRedis: LivePoint['redis'] = { evictedPerSecond: null, expiredPerSecond: null, memoryUsedBytes: null, fragmentationRatio: null };
const zero: EntityCounts = {
  hits: 0,
  stale: 0,
  misses: 0,
  unavailable: 0,
  originCalls: 0,
  originErrors: 0,
  invalidations: 0,
  sets: 0,
  fillsRejected: 0,
  l1Hits: 0,
};

export function createPointWindow(): PointWindow {
  const seconds = new Map<number, Second>();
  const latencies = new Map<string, EntityChunks>();
  const changed = new Set<number>();
  let newest = 0;

  function secondAt(t: number): Second | null {
    if (t <= newest - WINDOW_SECONDS) return null;
    newest = Math.max(newest, t);
    let second = seconds.get(t);
    if (second === undefined) {
      second = { services: new Map(), redis: noRedis };
      seconds.set(t, second);
    }
    changed.add(t);
    return second;
  }

  function addLatency(ref: KeySpaceRef, entity: string, t: number, sketch: LatencySketch): void {
    const key = JSON.stringify([ref.env, ref.service, entity]);
    const known = latencies.get(key) ?? { ref, entity, chunks: new Map<number, LatencySketch>() };
    if (!latencies.has(key) && latencies.size >= SERVICES_MAX * ENTITIES_MAX) return;
    latencies.set(key, known);
    const chunk = Math.floor(t / CHUNK_SECONDS);
    const sum = known.chunks.get(chunk) ?? emptySketch();
    sum.add(sketch);
    known.chunks.set(chunk, sum);
  }

  function pointOf(t: number, second: Second): LivePoint {
    const services = [...second.services].map(([key, { reporters, expected, sketch, latency, entities }]) => {
      const instances = reporters.size;
      const now = sketch === null ? latency : latencyOf(sketch);
      return [key, { instances, expected: Math.max(expected, instances), latency: now, entities: Object.fromEntries(entities) }] as const;
    });
    return { t, services: Object.fromEntries(services), redis: second.redis };
  }

  const inOrder = (times: Iterable<number>): LivePoint[] =>
    [...times]
      .sort((a, b) => a - b)
      .flatMap((t) => {
        const second = seconds.get(t);
        return second === undefined ? [] : [pointOf(t, second)];
      });

  return {
    addFrame(ref, frame, expected) {
      // `at` is the end of the second that the frame covers.
      const t = Math.floor((frame.at - frame.durationMs / 2) / 1_000);
      const second = secondAt(t);
      if (second === null) return;
      const key = serviceKey(ref);
      let mine = second.services.get(key);
      if (mine === undefined) {
        if (second.services.size >= SERVICES_MAX) return;
        mine = { reporters: new Set(), expected, sketch: emptySketch(), latency: noLatency, entities: new Map() };
        second.services.set(key, mine);
      }
      if (mine.reporters.size >= REPORTERS_MAX) return;
      mine.reporters.add(frame.instance);
      for (const [entity, counts] of Object.entries(frame.entities)) {
        const sum = mine.entities.get(entity);
        if (sum === undefined && mine.entities.size >= ENTITIES_MAX) continue;
        mine.entities.set(entity, plus(sum ?? zero, counts));
        const sketch = counts.readUs === undefined ? null : decodeSketch(counts.readUs);
        if (sketch === null) continue;
        mine.sketch?.add(sketch);
        addLatency(ref, entity, t, sketch);
      }
    },
    addRedis(t, sample) {
      const second = secondAt(t);
      if (second !== null) second.redis = sample;
    },
    points: () => inOrder(seconds.keys()),
    takeChanged() {
      const points = inOrder(changed);
      changed.clear();
      return points;
    },
    entityLatency: () =>
      [...latencies.values()].map(({ ref, entity, chunks }) => {
        const sum = emptySketch();
        for (const chunk of chunks.values()) sum.add(chunk);
        return { env: ref.env, service: ref.service, entity, latency: latencyOf(sum) };
      }),
    trim(nowMs) {
      newest = Math.max(newest, Math.floor(nowMs / 1_000));
      for (const [t, second] of seconds) {
        if (t <= newest - WINDOW_SECONDS) seconds.delete(t);
        else if (t <= newest - SETTLED_SECONDS) settle(second);
      }
      for (const [key, { chunks }] of latencies) {
        for (const chunk of chunks.keys()) if ((chunk + 1) * CHUNK_SECONDS <= newest - WINDOW_SECONDS) chunks.delete(chunk);
        if (chunks.size === 0) latencies.delete(key);
      }
    },
  };
}

function settle(second: Second): void {
  for (const service of second.services.values()) {
    if (service.sketch === null) continue;
    service.latency = latencyOf(service.sketch);
    service.sketch = null;
  }
}

function plus(sum: EntityCounts, more: Frame['entities'][string]): EntityCounts {
  return {
    hits: sum.hits + more.hits,
    stale: sum.stale + more.stale,
    misses: sum.misses + more.misses,
    unavailable: sum.unavailable + more.unavailable,
    originCalls: sum.originCalls + more.originCalls,
    originErrors: sum.originErrors + more.originErrors,
    invalidations: sum.invalidations + more.invalidations,
    sets: sum.sets + more.sets,
    fillsRejected: sum.fillsRejected + more.fillsRejected,
    l1Hits: sum.l1Hits + (more.l1Hits ?? 0),
  };
}
