import { build, decodeFromCompressedBase64, type Histogram } from 'hdr-histogram-js';
import type { LatencyMs } from '../contract/live.ts';

/** A mergeable sketch of read latency in microseconds. Sketches add up exactly; percentiles never do. */
export type LatencySketch = Histogram;

const DIGITS = 2;

export function emptySketch(): LatencySketch {
  return build({ bitBucketSize: 'packed', autoResize: true, numberOfSignificantValueDigits: DIGITS });
}

/** Null for text that is none: frames come from other processes, and one that writes rubbish must not blank everybody's chart. */
export function decodeSketch(text: string): LatencySketch | null {
  try {
    return decodeFromCompressedBase64(text, 'packed');
  } catch {
    return null;
  }
}

export const noLatency: LatencyMs = { p50: null, p95: null, p99: null };

/** Percentiles in ms. */
export function latencyOf(sketch: LatencySketch): LatencyMs {
  if (sketch.totalCount === 0) return noLatency;
  const ms = (percentile: number) => sketch.getValueAtPercentile(percentile) / 1_000;
  return { p50: ms(50), p95: ms(95), p99: ms(99) };
}
