import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import type { Frame } from 'sideboard-engine';
import { describe, expect, it } from 'vitest';
import { serviceKey } from '../contract/live.ts';
import { createPointWindow, WINDOW_SECONDS } from './point-window.ts';

const ref = { env: 'demo', service: 'shop' };
const T = 1_700_000_000;
const counts = { hits: 0, stale: 0, misses: 0, unavailable: 0, originCalls: 0, originErrors: 0 };
const rest = { fills: 0, fillsRejected: 0, invalidations: 0, sets: 0, corrupt: 0 };

function histogram(...us: number[]): string {
  const made = build({ bitBucketSize: 'packed', numberOfSignificantValueDigits: 2, autoResize: true });
  for (const value of us) made.recordValue(value);
  return encodeIntoCompressedBase64(made);
}

function frame(second: number, instance: string, entities: Record<string, Partial<Frame['entities'][string]>>): Frame {
  const full = Object.entries(entities).map(([name, some]) => [name, { ...counts, ...rest, ...some }] as const);
  return { v: 1, instance, at: (T + second + 1) * 1_000, durationMs: 1_000, entities: Object.fromEntries(full) };
}

describe('the window of points', () => {
  it('adds up the frames of all instances in their second', () => {
    const window = createPointWindow();
    window.addFrame(ref, frame(0, 'a', { product: { hits: 3, misses: 1 } }), 2);
    window.addFrame(ref, frame(0, 'b', { product: { hits: 4, unavailable: 2 }, user: { stale: 1 } }), 2);
    const [point, ...others] = window.points();
    expect(others).toEqual([]);
    expect(point?.t).toBe(T);
    const service = point?.services[serviceKey(ref)];
    expect(service).toMatchObject({ instances: 2, expected: 2 });
    expect(service?.entities['product']).toMatchObject({ hits: 7, misses: 1, unavailable: 2 });
    expect(service?.entities['user']).toMatchObject({ stale: 1, hits: 0 });
  });

  it('a late frame changes its own second, and only that one is reported again', () => {
    const window = createPointWindow();
    window.addFrame(ref, frame(0, 'a', { product: { hits: 1 } }), 2);
    window.addFrame(ref, frame(1, 'a', { product: { hits: 1 } }), 2);
    expect(window.takeChanged().map(({ t }) => t)).toEqual([T, T + 1]);
    expect(window.takeChanged()).toEqual([]);
    window.addFrame(ref, frame(0, 'b', { product: { hits: 5 } }), 2);
    const changed = window.takeChanged();
    expect(changed.map(({ t }) => t)).toEqual([T]);
    expect(changed[0]?.services[serviceKey(ref)]?.entities['product']?.hits).toBe(6);
  });

  it('a second in which fewer instances reported than run says so', () => {
    const window = createPointWindow();
    window.addFrame(ref, frame(0, 'a', {}), 3);
    expect(window.points()[0]?.services[serviceKey(ref)]).toMatchObject({ instances: 1, expected: 3 });
  });

  it('percentiles are those of all reads together, in ms', () => {
    const window = createPointWindow();
    window.addFrame(ref, frame(0, 'a', { product: { readUs: histogram(...Array(99).fill(1_000)) } }), 1);
    window.addFrame(ref, frame(0, 'b', { product: { readUs: histogram(50_000) } }), 1);
    const latency = window.points()[0]?.services[serviceKey(ref)]?.latency;
    expect(latency?.p50).toBeCloseTo(1, 1);
    expect(latency?.p99).toBeLessThan(2);
    expect(window.entityLatency()).toMatchObject([{ ...ref, entity: 'product' }]);
  });

  it('a histogram that is none blanks nothing', () => {
    const window = createPointWindow();
    window.addFrame(ref, frame(0, 'a', { product: { hits: 1, readUs: 'rubbish' } }), 1);
    expect(window.points()[0]?.services[serviceKey(ref)]).toMatchObject({ latency: { p50: null }, entities: { product: { hits: 1 } } });
  });

  it('holds no more than its window, and takes nothing older', () => {
    const window = createPointWindow();
    for (let second = 0; second < WINDOW_SECONDS + 50; second += 1) window.addFrame(ref, frame(second, 'a', { product: { hits: 1 } }), 1);
    window.trim((T + WINDOW_SECONDS + 49) * 1_000);
    expect(window.points()).toHaveLength(WINDOW_SECONDS);
    window.addFrame(ref, frame(0, 'b', { product: { hits: 1 } }), 1);
    expect(window.points()[0]?.t).toBe(T + 50);
  });

  it('keeps the percentiles of a settled second and goes on counting', () => {
    const window = createPointWindow();
    window.addFrame(ref, frame(0, 'a', { product: { hits: 1, readUs: histogram(1_000) } }), 1);
    window.trim((T + 60) * 1_000);
    window.addFrame(ref, frame(0, 'b', { product: { hits: 1, readUs: histogram(90_000) } }), 1);
    const service = window.points()[0]?.services[serviceKey(ref)];
    expect(service?.latency.p99).toBeLessThan(2);
    expect(service?.entities['product']?.hits).toBe(2);
  });

  it('entities named like parts of objects are plain names', () => {
    const window = createPointWindow();
    window.addFrame(ref, frame(0, 'a', { ['__proto__']: { hits: 1 }, constructor: { hits: 2 } }), 1);
    const entities = window.points()[0]?.services[serviceKey(ref)]?.entities ?? {};
    expect(Object.keys(entities).sort()).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(entities)).toBe(Object.prototype);
  });
});
