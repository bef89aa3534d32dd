import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import { expect, it } from 'vitest';
import { EntityMetrics } from '../metrics.ts';
import { mergeReadLatency } from './merge-read-latency.ts';

const histogram = (valuesUs: readonly number[]): string => {
  const one = build({ numberOfSignificantValueDigits: 2 });
  for (const value of valuesUs) one.recordValue(value);
  return encodeIntoCompressedBase64(one);
};

it('adds histograms up and reads percentiles in ms off the sum', () => {
  const fast = histogram(Array.from({ length: 96 }, () => 1_000));
  const slow = histogram(Array.from({ length: 4 }, () => 100_000));
  const merged = mergeReadLatency([fast, slow]);
  expect(merged?.p50).toBeCloseTo(1, 1);
  expect(merged?.p95).toBeCloseTo(1, 1);
  expect(merged?.p99).toBeGreaterThan(99);
  expect(merged?.p99).toBeLessThan(102);
});

it('reads what the engine writes', () => {
  const metrics = new EntityMetrics();
  metrics.read('hit', 2_000);
  const { readUs } = metrics.take();
  expect(mergeReadLatency([readUs ?? ''])?.p50).toBeCloseTo(2, 1);
});

it('is null without a read, and leaves out what is no histogram', () => {
  expect(mergeReadLatency([])).toBeNull();
  expect(mergeReadLatency(['rubbish', '', histogram([])])).toBeNull();
  expect(mergeReadLatency(['rubbish', histogram([5_000])])?.p50).toBeCloseTo(5, 1);
});
