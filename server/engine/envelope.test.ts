import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePayload, encodePayload, judge, sealEnvelope } from './envelope.ts';
import { SerializationError } from './errors.ts';
import { dataKey } from './keys.ts';

const key = dataKey({ env: 'prod', service: 'shop' }, '1790000000000000', 'product', '42:ü😀');
const times = { createdMs: 1_790_000_000_000, freshUntilMs: 1_790_000_540_000, expiresMs: 1_790_000_600_000, loadCostMs: 12.5 };
const value = { id: '42', name: 'chair', price: 19.99, tags: ['a', null], nested: { ok: true } };
const sealed = sealEnvelope(key, encodePayload(value), times);
const read = (bytes: Buffer, nowMs = times.createdMs, under: string = key) => {
  const judged = judge(bytes, under, nowMs);
  return judged.kind === 'problem' ? judged : { ...judged, value: decodePayload(bytes, judged.payloadOffset) };
};

describe('envelope', () => {
  it('version 1 of today decodes for ever', () => {
    const golden = readFileSync(path.join(import.meta.dirname, 'golden/envelope-v1.bin'));
    expect(read(golden)).toMatchObject({ kind: 'fresh', codec: 'json', flags: [], schemaHash: 0, ...times, value: { ok: true, value } });
    expect(golden.equals(sealed)).toBe(true);
    const marked = readFileSync(path.join(import.meta.dirname, 'golden/envelope-v1-stale.bin'));
    expect(read(marked)).toMatchObject({ kind: 'stale', flags: ['stale'], value: { ok: true, value } });
  });

  it('is fresh until its time, stale until it expires, then expired', () => {
    expect(read(sealed, times.freshUntilMs - 1).kind).toBe('fresh');
    expect(read(sealed, times.freshUntilMs).kind).toBe('stale');
    expect(read(sealed, times.expiresMs - 1).kind).toBe('stale');
    expect(read(sealed, times.expiresMs).kind).toBe('expired');
  });

  it('any value that JSON carries comes back', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        const judged = read(sealEnvelope(key, encodePayload(json), times));
        expect(judged).toMatchObject({ kind: 'fresh', value: { ok: true, value: JSON.parse(JSON.stringify(json)) } });
      }),
    );
  });

  it('no bit can be flipped and the entry still be served', () => {
    for (let at = 0; at < sealed.length; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const flipped = Buffer.from(sealed);
        flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
        expect(read(flipped).kind, `byte ${at} bit ${bit}`).toBe('problem');
      }
    }
  });

  it('what is cut short, or was never an envelope, is a problem and throws nothing', () => {
    for (let length = 0; length < sealed.length; length += 1) expect(read(sealed.subarray(0, length)).kind).toBe('problem');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(read(Buffer.from(bytes)).kind).toBe('problem');
      }),
    );
  });

  it('an entry of another key is never served', () => {
    const other = dataKey({ env: 'prod', service: 'shop' }, '1790000000000000', 'product', '43');
    expect(read(sealed, times.createdMs, other)).toEqual({ kind: 'problem', problem: 'entry of another key' });
  });

  it('a value without a JSON form is refused', () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    for (const refused of [undefined, () => 1, Symbol('s'), 1n, cycle]) expect(() => encodePayload(refused)).toThrow(SerializationError);
    expect(() => encodePayload('x'.repeat(17 * 1024 * 1024))).toThrow(/at most/);
  });
});
