import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EntryCodec, type EntryForm } from './codec/entry-codec.ts';
import { EMPTY_SET, extendSet } from './codec/structure-set.ts';
import { judge, renewHead, sealEnvelope } from './envelope.ts';
import { SerializationError } from './errors.ts';
import { dataKey } from './keys.ts';

const key = dataKey({ env: 'prod', service: 'shop' }, '1790000000000000', 'product', '42:ü😀');
const times = { createdMs: 1_790_000_000_000, freshUntilMs: 1_790_000_540_000, expiresMs: 1_790_000_600_000, loadCostMs: 12.5 };
const value = { id: '42', name: 'chair', price: 19.99, tags: ['a', null], nested: { ok: true } };
const json: EntryForm = { codec: 'json', compress: false, bytesMax: 16 << 20, schema: null, schemaId: null, migrate: null };
/** Latin-1, two bytes, a pair. */
const beyond = { name: 'Stühle', price: '19,99 €', note: '😀' };
const codec = new EntryCodec(json);
const sealed = sealEnvelope(key, codec.encode(value), times);
const read = (bytes: Buffer, nowMs = times.createdMs, under: string = key, by = codec) => {
  const judged = judge(bytes, under, nowMs);
  return judged.kind === 'problem' ? judged : { ...judged, decoded: by.decode(bytes, judged.payloadOffset, judged) };
};

describe('envelope', () => {
  const golden = (name: string) => readFileSync(path.join(import.meta.dirname, 'golden', `envelope-${name}.bin`));
  /** The last is what is written today. */
  const versions = ['v1', 'v2'];
  const today = 'v2';

  it.each(versions)('%s decodes for ever', (version) => {
    expect(read(golden(version))).toMatchObject({
      kind: 'fresh',
      codec: 'json',
      flags: [],
      schemaHash: 0,
      ...times,
      decoded: { kind: 'value', value },
    });
    expect(read(golden(`${version}-stale`))).toMatchObject({ kind: 'stale', flags: ['stale'], decoded: { kind: 'value', value } });
    if (version === today) expect(golden(version).equals(sealed)).toBe(true);
  });

  it.each(versions)('%s whose life was prolonged is still of its version', (version) => {
    const later = { ...times, freshUntilMs: times.freshUntilMs + 60_000, expiresMs: times.expiresMs + 60_000 };
    for (const entry of [golden(version), golden(`${version}-stale`)]) {
      const renewed = Buffer.from(entry);
      renewHead(entry, later).copy(renewed);
      expect(read(renewed)).toMatchObject({ kind: 'fresh', flags: [], ...later, decoded: { kind: 'value', value } });
      expect(renewed[2]).toBe(entry[2]);
    }
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

  const kept: [string, string, Partial<EntryForm>][] = versions.flatMap((version) =>
    forms.map(([name, form]): [string, string, Partial<EntryForm>] => [version, name, form]),
  );

  it.each(kept)('%s with %s decodes for ever', (version, name, form) => {
    const by = new EntryCodec({ ...json, ...form });
    by.adopt(extendSet(EMPTY_SET, [Object.keys(long), ['ok']]), true);
    const entry = golden(`${version}-${name}`);
    expect(read(entry, times.createdMs, key, by)).toMatchObject({ kind: 'fresh', decoded: { kind: 'value', value: long } });
    // Another zlib may fold otherwise.
    if (version === today && form.compress !== true) expect(entry.equals(sealEnvelope(key, by.encode(long), times))).toBe(true);
  });

  it.each(versions)('%s of what was not found decodes for ever, by every codec', (version) => {
    const entry = golden(`${version}-absent`);
    for (const [, form] of forms) {
      const by = new EntryCodec({ ...json, ...form });
      expect(read(entry, times.createdMs, key, by)).toMatchObject({
        kind: 'fresh',
        codec: 'absent',
        decoded: { kind: 'value', value: null },
      });
      if (version === today) expect(entry.equals(sealEnvelope(key, by.encode(null), times))).toBe(true);
    }
  });

  it('text beyond ASCII is read as what it is', () => {
    expect(read(golden('v2-beyond-ascii'))).toMatchObject({ decoded: { kind: 'value', value: beyond } });
    expect(golden('v2-beyond-ascii').equals(sealEnvelope(key, codec.encode(beyond), times))).toBe(true);
    for (const form of [json, { ...json, compress: true }]) {
      const by = new EntryCodec(form);
      fc.assert(
        fc.property(fc.string({ unit: 'binary', maxLength: 2_000 }), (text) => {
          const judged = read(sealEnvelope(key, by.encode({ [text]: text.repeat(9) }), times), times.createdMs, key, by);
          expect(judged).toMatchObject({ decoded: { kind: 'value', value: { [text]: text.repeat(9) } } });
        }),
      );
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

  it('no byte can be another and the entry still be served', () => {
    for (const whole of [sealed, sealEnvelope(key, codec.encode(beyond), times)]) {
      for (let at = 0; at < whole.length; at += 1) {
        for (let change = 1; change < 256; change += 1) {
          const changed = Buffer.from(whole);
          changed[at] = (changed[at] ?? 0) ^ change;
          expect(read(changed).kind, `byte ${at} changed by ${change}`).toBe('problem');
        }
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

  it('past the cap of a payload it is a problem, and at it none', () => {
    const payload = codec.encode('x');
    const of = (length: number) => judge(sealEnvelope(key, { ...payload, bytes: Buffer.alloc(length, 'x') }, times), key, times.createdMs);
    expect(of(16 << 20).kind).toBe('fresh');
    expect(of((16 << 20) + 1)).toEqual({ kind: 'problem', problem: 'larger than the bound' });
  });

  it.each([
    { createdMs: -1 },
    { createdMs: Number.NaN },
    { freshUntilMs: times.createdMs - 1 },
    { expiresMs: times.freshUntilMs - 1 },
    { expiresMs: Number.POSITIVE_INFINITY },
    { loadCostMs: -1 },
    { loadCostMs: Number.NaN },
  ])('with times that cannot be, %j, it is a problem though its checksum is right', (wrong) => {
    const impossible = sealEnvelope(key, codec.encode(value), { ...times, ...wrong });
    expect(read(impossible)).toEqual({ kind: 'problem', problem: 'impossible times' });
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
