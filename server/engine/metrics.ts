import { build, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';
import type { ReadOutcome } from './events.ts';
import type { EntityFrame, Frame } from './wire/frame.ts';

const LATENCY_MAX_US = 60_000_000;

type Counts = Omit<EntityFrame, 'readUs'>;

/** The counters of one entity since the last frame. */
export class EntityMetrics {
  counts: Counts = zero();
  #latency: Histogram | null = null;

  /** Counts so many reads of one outcome and length. A read of an entity that is never cached counts as an origin call alone. */
  read(outcome: ReadOutcome, durationUs: number, reads = 1): void {
    const { counts } = this;
    switch (outcome) {
      case 'hit':
        counts.hits += reads;
        break;
      case 'stale':
        counts.stale += reads;
        break;
      case 'miss':
        counts.misses += reads;
        break;
      case 'unavailable':
        counts.unavailable += reads;
        break;
      case 'bypass':
        break;
    }
    this.#latency ??= build({
      bitBucketSize: 32,
      lowestDiscernibleValue: 1,
      highestTrackableValue: LATENCY_MAX_US,
      numberOfSignificantValueDigits: 2,
    });
    this.#latency.recordValueWithCount(Math.min(LATENCY_MAX_US, Math.max(1, Math.round(durationUs))), reads);
  }

  /** What was counted since the last call. */
  take(): EntityFrame {
    const { counts } = this;
    this.counts = zero();
    if (this.#latency === null || this.#latency.totalCount === 0) return counts;
    const readUs = encodeIntoCompressedBase64(this.#latency);
    this.#latency.reset();
    return { ...counts, readUs };
  }
}

/** One second of this instance; its counters begin again. `atMs` is Redis time. */
export function takeFrame(
  instance: string,
  entities: Iterable<{ name: string; metrics: EntityMetrics }>,
  process: Pick<Frame, 'fills' | 'breakers'>,
  atMs: number,
  durationMs: number,
): Frame {
  const frame: Frame = { v: 1, instance, at: Math.max(0, Math.round(atMs)), durationMs, ...process, entities: {} };
  for (const { name, metrics } of entities) frame.entities[name] = metrics.take();
  return frame;
}

function zero(): Counts {
  return {
    hits: 0,
    stale: 0,
    misses: 0,
    unavailable: 0,
    originCalls: 0,
    originErrors: 0,
    fills: 0,
    fillsRejected: 0,
    invalidations: 0,
    sets: 0,
    corrupt: 0,
  };
}
