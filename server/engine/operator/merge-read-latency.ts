import { build, decodeFromCompressedBase64 } from 'hdr-histogram-js';

export interface ReadLatency {
  p50: number;
  p95: number;
  p99: number;
}

/**
 * Percentiles in ms over the `readUs` histograms of any number of frames; null without a single read. Histograms add up
 * exactly, percentiles do not: never average the latter. A text that is no histogram is left out.
 */
export function mergeReadLatency(readUs: Iterable<string>): ReadLatency | null {
  const sum = build({ bitBucketSize: 'packed', autoResize: true, numberOfSignificantValueDigits: 2 });
  for (const one of readUs) {
    const part = decoded(one);
    if (part !== null) sum.add(part);
  }
  if (sum.totalCount === 0) return null;
  const atMs = (percentile: number): number => sum.getValueAtPercentile(percentile) / 1_000;
  return { p50: atMs(50), p95: atMs(95), p99: atMs(99) };
}

function decoded(readUs: string): ReturnType<typeof decodeFromCompressedBase64> | null {
  try {
    return decodeFromCompressedBase64(readUs);
  } catch {
    // Frames come from other processes: one that writes rubbish must not blank everybody's chart.
    return null;
  }
}
