import { decodeFromCompressedBase64 } from 'hdr-histogram-js';
import { describe, expect, it } from 'vitest';
import { EntityMetrics, takeFrame } from './metrics.ts';
import { frame } from './wire/frame.ts';

describe('frames', () => {
  it('count a read once, carry its latency, and begin again', () => {
    const metrics = new EntityMetrics();
    for (const outcome of ['hit', 'hit', 'stale', 'miss', 'unavailable', 'bypass'] as const) metrics.read(outcome, 250);
    const entities = [{ name: 'constructor', metrics }];
    const process = { fills: { waiting: 2, lagMsMax: 1.5 }, breakers: { read: 'open', write: 'closed', lease: 'half-open' } } as const;
    const taken = frame.parse(takeFrame('i', entities, process, 5.4, 1_000));
    expect(taken).toMatchObject(process);
    const [counts] = Object.values(taken.entities);
    expect(counts).toMatchObject({ hits: 2, stale: 1, misses: 1, unavailable: 1, originCalls: 0 });
    const histogram = decodeFromCompressedBase64(counts?.readUs ?? '');
    expect(histogram.totalCount).toBe(6);
    expect(histogram.getValueAtPercentile(50)).toBeGreaterThan(240);
    expect(Object.values(frame.parse(takeFrame('i', entities, process, 6, 1_000)).entities)).toEqual([
      expect.objectContaining({ hits: 0, misses: 0 }),
    ]);
  });
});
