import { build, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';
import type { ReadOutcome } from './events.ts';
import type { EntityFrame, Frame } from './wire/frame.ts';

const LATENCY_MAX_US = 60_000_000;

type Counts = Omit<EntityFrame, 'readUs'>;

/** The counters of one entity since the last frame. */
export class EntityMetrics {
  counts: Counts = zero();
  /** Hits that the process answered by itself: counted by hand on the fastest path, added to the rest when a frame is taken. */
  l1Hits = 0;
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
    this.#histogram().recordValueWithCount(Math.min(LATENCY_MAX_US, Math.max(1, Math.round(durationUs))), reads);
  }

  #histogram(): Histogram {
    this.#latency ??= build({
      bitBucketSize: 32,
      lowestDiscernibleValue: 1,
      highestTrackableValue: LATENCY_MAX_US,
      numberOfSignificantValueDigits: 2,
    });
    return this.#latency;
  }

  /** What was counted since the last call. */
  take(): EntityFrame {
    const { counts, l1Hits } = this;
    this.counts = zero();
    this.l1Hits = 0;
    if (l1Hits > 0) {
      counts.hits += l1Hits;
      counts.l1Hits = l1Hits;
      // The least that the histogram tells apart, and more than any of them took.
      this.#histogram().recordValueWithCount(1, l1Hits);
    }
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
  process: Pick<Frame, 'fills' | 'breakers' | 'hot' | 'big'>,
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
