import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import { expect, it } from 'vitest';
import { decodeSketch, emptySketch, latencyOf, noLatency } from './read-latency.ts';

const histogram = (valuesUs: readonly number[]): string => {
  const one = build({ numberOfSignificantValueDigits: 2 });
  for (const value of valuesUs) one.recordValue(value);
  return encodeIntoCompressedBase64(one);
};

it('adds sketches up and reads percentiles in ms off the sum', () => {
  const sum = emptySketch();
  for (const text of [histogram(Array.from({ length: 96 }, () => 1_000)), histogram(Array.from({ length: 4 }, () => 100_000))]) {
    const part = decodeSketch(text);
    if (part !== null) sum.add(part);
  }
  const { p50, p95, p99 } = latencyOf(sum);
  expect(p50).toBeCloseTo(1, 1);
  expect(p95).toBeCloseTo(1, 1);
  expect(p99).toBeGreaterThan(99);
});

it('is no figure without a read', () => expect(latencyOf(emptySketch())).toEqual(noLatency));

it('text that is no sketch is none, never an error', () => {
  expect(decodeSketch('rubbish')).toBeNull();
  expect(decodeSketch('')).toBeNull();
});
