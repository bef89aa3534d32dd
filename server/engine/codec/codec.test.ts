import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SerializationError } from '../errors.ts';
import { checkValue, type ValueForm } from './check-value.ts';
import { DEPTH_MAX } from './codec.ts';
import { COMPRESS_BYTES_MIN, compress, decompress, unfoldedBytes } from './compress.ts';
import { decodeJson, encodeJson } from './json.ts';
import { ShapeBook } from './learn-shapes.ts';
import { msgpackForm } from './msgpack.ts';
import { EMPTY_SET, extendSet, readStructures, STRUCTURES_MAX, writeStructures } from './structure-set.ts';

const anySet = fc
  .array(fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 6 }), { maxLength: 40 })
  .map((shapes) => extendSet(EMPTY_SET, shapes));
const anyValue = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
  withSparseArray: true,
  withNullPrototype: true,
  withObjectString: true,
  withUnicodeString: true,
});

function accepted(value: unknown, form: ValueForm): boolean {
  try {
    checkValue(value, form);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(SerializationError);
    return false;
  }
}

/** As the caller of a hit sees it: without properties that are undefined, -0 as 0, plain prototypes, bytes as Buffer. */
function asKept(value: unknown): unknown {
  if (value === 0) return 0;
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (Array.isArray(value)) return value.map(asKept);
  if (value instanceof Map) return new Map([...value].map(([key, part]) => [asKept(key), asKept(part)]));
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  const kept: Record<string, unknown> = {};
  for (const [key, part] of Object.entries(value)) {
    if (part !== undefined) Object.defineProperty(kept, key, { value: asKept(part), enumerable: true, configurable: true, writable: true });
  }
  return kept;
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}

describe('values', () => {
  it('json: any value comes back as it was, or is refused', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        if (!accepted(value, 'json')) return;
        const { bytes, ascii } = encodeJson(value);
        expect(decodeJson(bytes, 0, ascii)).toEqual(asKept(value));
      }),
      { numRuns: 500 },
    );
  });

  it('msgpack: any value comes back as it was under any set, or is refused', () => {
    fc.assert(
      fc.property(anyValue, anySet, (value, set) => {
        if (!accepted(value, 'msgpack')) return;
        const form = msgpackForm(set);
        const bytes = form.encode(value);
        expect(asKept(msgpackForm(set).decode(bytes, 0))).toEqual(asKept(value));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['a function', { a: [{ b: () => 1 }] }, '$.a[0].b is a function'],
    ['a symbol', { a: Symbol('s') }, '$.a is a symbol'],
    ['undefined', undefined, 'the value is undefined'],
    ['undefined in an array', [1, undefined], '$[1] is undefined'],
    ['a hole', new Array(2), '$[0] is undefined'],
    ['NaN', { a: Number.NaN }, '$.a is NaN'],
    ['a BigInt', { a: 1n }, '$.a is a BigInt'],
    ['a Date', { at: new Date(0) }, '$.at is an instance of Date'],
    ['a Map', { at: new Map() }, '$.at is an instance of Map'],
    ['a class', { at: new (class Money {})() }, '$.at is an instance of Money'],
  ])('json refuses %s by its place', (_kind, value, place) => {
    expect(() => checkValue(value, 'json')).toThrow(place);
  });

  it.each([
    ['a Set', { a: new Set() }, '$.a is an instance of Set'],
    ['a BigInt past 64 bits', { a: 2n ** 64n }, '$.a is a BigInt of more than 64 bits'],
    ['an invalid Date', new Date(Number.NaN), 'the value is an invalid Date'],
    ['half a pair', { a: '\ud83d' }, '$.a is text with a lone surrogate'],
    ['a key __proto__', JSON.parse('{"__proto__":1}'), '$["__proto__"] is a key'],
    ['an object as a key', new Map([[{}, 1]]), '$.<key of a Map> is not text'],
  ])('msgpack refuses %s by its place', (_kind, value, place) => {
    expect(() => checkValue(value, 'msgpack')).toThrow(place);
  });

  it('an error names the place of what it refuses in one short line, however deep that lies', () => {
    const refusal = (value: unknown) => {
      try {
        checkValue(value, 'json');
        return '';
      } catch (error) {
        return error instanceof Error ? error.message : '';
      }
    };
    expect(refusal({ list: [1, { when: new Date() }] })).toBe('$.list[1].when is an instance of Date, which codec "json" does not carry');
    expect(refusal(nested(DEPTH_MAX + 1))).toMatch(/^\$\.?.{1,130}… is nested deeper/);
    expect(refusal(nested(DEPTH_MAX + 1)).length).toBeLessThan(250);
  });

  it('a cycle, and what nests too deep, is refused by either and never decoded', () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    for (const form of ['json', 'msgpack'] as const) {
      expect(() => checkValue(cycle, form)).toThrow(/cycle/);
      expect(() => checkValue(nested(DEPTH_MAX + 1), form)).toThrow(/deeper/);
      checkValue(nested(DEPTH_MAX), form);
    }
    for (const depth of [DEPTH_MAX + 1, 20_000, 500_000]) {
      expect(() => decodeJson(Buffer.from('['.repeat(depth) + ']'.repeat(depth)), 0, true)).toThrow();
      expect(() =>
        msgpackForm(EMPTY_SET).decode(Buffer.concat([Buffer.alloc(8), Buffer.alloc(depth, 0x91), Buffer.from([1])]), 0),
      ).toThrow();
    }
    expect(decodeJson(encodeJson(nested(DEPTH_MAX)).bytes, 0, true)).toEqual(nested(DEPTH_MAX));
  });
});

describe('structure sets', () => {
  const shapes = [
    ['id', 'name'],
    ['key', 'value', 'unit'],
  ];

  it('whoever knows the same shapes has the same set, in whatever order they were met', () => {
    const set = extendSet(EMPTY_SET, shapes);
    expect(extendSet(EMPTY_SET, shapes.toReversed())).toEqual(set);
    expect(readStructures(set.address, writeStructures(set.structures))).toEqual(set);
    expect(extendSet(set, shapes)).toBe(set);
    expect(extendSet(set, [['other']]).structures.slice(0, 2)).toEqual(set.structures);
  });

  it('a text that is not the set of its address is no set', () => {
    const set = extendSet(EMPTY_SET, shapes);
    const other = extendSet(EMPTY_SET, [['id', 'mane']]);
    for (const text of ['', 'null', '[]', '{}', '[1]', '[[1]]', '[["a"]', writeStructures(other.structures), 'x'.repeat(1e6)]) {
      expect(readStructures(set.address, text)).toBeNull();
    }
  });

  it('a set never grows past its bound', () => {
    const set = extendSet(
      EMPTY_SET,
      Array.from({ length: 100 }, (_, index) => [`k${index}`]),
    );
    expect(set.structures).toHaveLength(STRUCTURES_MAX);
    const form = msgpackForm(set);
    const value = Array.from({ length: 100 }, (_, index) => ({ [`k${index}`]: index, [`other${index}`]: 64 }));
    expect(form.decode(form.encode(value), 0)).toEqual(value);
  });

  it('an entry of a set is told from one of any other set', () => {
    fc.assert(
      fc.property(anySet, anySet, (one, other) => {
        const bytes = msgpackForm(one).encode({ id: 1 });
        expect(msgpackForm(other).reads(bytes, 0)).toBe(one.address === other.address);
      }),
    );
  });

  it('any bytes behind an address decode to something or throw, and leave prototypes and the set as they were', () => {
    const set = extendSet(EMPTY_SET, shapes);
    const form = msgpackForm(set);
    const good = form.encode({ id: 1, name: 'chair' });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          form.decode(Buffer.concat([Buffer.alloc(8), bytes]), 0);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
        expect(form.decode(good, 0)).toEqual({ id: 1, name: 'chair' });
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('a shape is learned when it comes again, and objects whose keys are data never are', () => {
    const book = new ShapeBook();
    for (let n = 0; n < 10_000; n += 1) book.see([`user-${n}`]);
    book.see(['id']);
    expect(book.learned).toEqual([]);
    book.see(['id']);
    book.see(['id']);
    expect(book.learned).toEqual([['id']]);
    book.use(extendSet(EMPTY_SET, book.learned));
    book.see(['id']);
    expect(book.learned).toEqual([]);
  });
});

describe('compression', () => {
  const text = Buffer.from(JSON.stringify(Array.from({ length: 200 }, (_, n) => ({ id: n, name: `product ${n}` }))));

  it('what was folded unfolds to the same bytes and says how long they are', () => {
    const folded = compress(text);
    expect(folded).not.toBeNull();
    if (folded === null) return;
    expect(folded.length).toBeLessThan(text.length / 2);
    expect(unfoldedBytes(folded)).toBe(text.length);
    expect(decompress(folded).equals(text)).toBe(true);
  });

  it('what would not shrink, or would shrink past the cap of readers, is left as it is', () => {
    const noise = Buffer.from(Array.from({ length: COMPRESS_BYTES_MIN * 2 }, (_, n) => (n * n * 31 + ((n * 7919) >> 3)) & 0xff));
    const random = Buffer.from(noise.map((byte, n) => byte ^ ((n * 2654435761) >>> 13)));
    expect(compress(random) === null || (compress(random)?.length ?? 0) < random.length).toBe(true);
    expect(compress(Buffer.alloc(1024 * 1024))).toBeNull();
  });

  it('a bomb, a lie about the length, and bytes cut short throw before more than the claim is allocated', () => {
    const folded = compress(text);
    if (folded === null) throw new Error('not folded');
    const claim = (length: number) => {
      const lie = Buffer.from(folded);
      lie.writeUInt32LE(length, 0);
      return lie;
    };
    for (const bytes of [claim(0), claim(1), claim(text.length - 1), claim(text.length + 1), claim(2 ** 32 - 1), folded.subarray(0, 40)]) {
      expect(() => decompress(bytes)).toThrow();
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(() => decompress(Buffer.from(bytes))).toThrow();
      }),
    );
  });

  it('no more than a payload claims is ever unfolded', () => {
    const bytes = Buffer.concat([Buffer.alloc(4), deflateRawSync(Buffer.alloc(8 << 20))]);
    bytes.writeUInt32LE(10_000, 0);
    expect(() => decompress(bytes)).toThrow(expect.objectContaining({ code: 'ERR_BUFFER_TOO_LARGE' }));
  });
});
