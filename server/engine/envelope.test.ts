import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EntryCodec, type EntryForm } from './codec/entry-codec.ts';
import { EMPTY_SET, extendSet } from './codec/structure-set.ts';
import { judge, sealEnvelope } from './envelope.ts';
import { SerializationError } from './errors.ts';
import { dataKey } from './keys.ts';

const key = dataKey({ env: 'prod', service: 'shop' }, '1790000000000000', 'product', '42:ü😀');
const times = { createdMs: 1_790_000_000_000, freshUntilMs: 1_790_000_540_000, expiresMs: 1_790_000_600_000, loadCostMs: 12.5 };
const value = { id: '42', name: 'chair', price: 19.99, tags: ['a', null], nested: { ok: true } };
const json: EntryForm = { codec: 'json', compress: false, bytesMax: 16 << 20, schema: null, schemaId: null, migrate: null };
const codec = new EntryCodec(json);
const sealed = sealEnvelope(key, codec.encode(value), times);
const read = (bytes: Buffer, nowMs = times.createdMs, under: string = key, by = codec) => {
  const judged = judge(bytes, under, nowMs);
  return judged.kind === 'problem' ? judged : { ...judged, decoded: by.decode(bytes, judged.payloadOffset, judged) };
};

describe('envelope', () => {
  it('version 1 of today decodes for ever', () => {
    const golden = readFileSync(path.join(import.meta.dirname, 'golden/envelope-v1.bin'));
    expect(read(golden)).toMatchObject({
      kind: 'fresh',
      codec: 'json',
      flags: [],
      schemaHash: 0,
      ...times,
      decoded: { kind: 'value', value },
    });
    expect(golden.equals(sealed)).toBe(true);
    const marked = readFileSync(path.join(import.meta.dirname, 'golden/envelope-v1-stale.bin'));
    expect(read(marked)).toMatchObject({ kind: 'stale', flags: ['stale'], decoded: { kind: 'value', value } });
  });

  const forms: [string, Partial<EntryForm>][] = [
    ['msgpack', { codec: 'msgpack' }],
    ['json-deflate', { compress: true }],
    ['msgpack-deflate', { codec: 'msgpack', compress: true }],
    [
      'custom',
      {
        codec: {
          id: 'rot.v1',
          encode: (it) => Buffer.from(JSON.stringify(it)).reverse(),
          decode: (it) => JSON.parse(Buffer.from(it).reverse().toString()),
        },
      },
    ],
    ['schema', { schema: { '~standard': { version: 1, vendor: 'test', validate: (it) => ({ value: it }) } }, schemaId: 'product 7' }],
  ];
  const long = { ...value, description: 'A chair of oak, made to last. '.repeat(60) };

  it.each(forms)('version 1 with %s of today decodes for ever', (name, form) => {
    const by = new EntryCodec({ ...json, ...form });
    by.adopt(extendSet(EMPTY_SET, [Object.keys(long), ['ok']]), true);
    const golden = readFileSync(path.join(import.meta.dirname, `golden/envelope-v1-${name}.bin`));
    expect(read(golden, times.createdMs, key, by)).toMatchObject({ kind: 'fresh', decoded: { kind: 'value', value: long } });
    // Another zlib may fold otherwise.
    if (form.compress !== true) expect(golden.equals(sealEnvelope(key, by.encode(long), times))).toBe(true);
  });

  it('version 1 of what was not found decodes for ever, by every codec', () => {
    const golden = readFileSync(path.join(import.meta.dirname, 'golden/envelope-v1-absent.bin'));
    for (const [, form] of forms) {
      const by = new EntryCodec({ ...json, ...form });
      expect(read(golden, times.createdMs, key, by)).toMatchObject({
        kind: 'fresh',
        codec: 'absent',
        decoded: { kind: 'value', value: null },
      });
      expect(golden.equals(sealEnvelope(key, by.encode(null), times))).toBe(true);
    }
  });

  it.each(forms)('with %s no bit can be flipped and the entry still be served', (_name, form) => {
    const by = new EntryCodec({ ...json, ...form });
    const bytes = sealEnvelope(key, by.encode({ id: 'x'.repeat(600), list: 'y'.repeat(600) }), times);
    for (let at = 0; at < bytes.length; at += 1) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
      expect(read(flipped, times.createdMs, key, by).kind, `byte ${at}`).toBe('problem');
    }
    for (let bit = 0; bit < 8; bit += 1) {
      const flipped = Buffer.from(bytes);
      flipped[3] = (flipped[3] ?? 0) ^ (1 << bit);
      expect(read(flipped, times.createdMs, key, by).kind, `form, bit ${bit}`).toBe('problem');
    }
  });

  it('is fresh until its time, stale until it expires, then expired', () => {
    expect(read(sealed, times.freshUntilMs - 1).kind).toBe('fresh');
    expect(read(sealed, times.freshUntilMs).kind).toBe('stale');
    expect(read(sealed, times.expiresMs - 1).kind).toBe('stale');
    expect(read(sealed, times.expiresMs).kind).toBe('expired');
  });

  it('any value that JSON carries comes back', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (any) => {
        const judged = read(sealEnvelope(key, codec.encode(any), times));
        expect(judged).toMatchObject({ kind: 'fresh', decoded: { kind: 'value', value: JSON.parse(JSON.stringify(any)) } });
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
    for (const refused of [undefined, () => 1, Symbol('s'), 1n, cycle]) expect(() => codec.encode(refused)).toThrow(SerializationError);
    expect(() => codec.encode('x'.repeat(17 * 1024 * 1024))).toThrow(/at most/);
  });
});
