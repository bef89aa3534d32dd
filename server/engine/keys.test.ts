import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  dataKey,
  dataKeyPattern,
  escapeId,
  escapePart,
  faultsKey,
  leaseKey,
  parseDataKey,
  parseServiceMember,
  parseStandingId,
  problemOfName,
  serviceMember,
  showVersion,
  standingId,
  unescapePart,
  versionKey,
} from './keys.ts';

/** Any UTF-16, lone surrogates too, rich in characters that mean something to Redis. */
const text = fc.oneof(
  fc.string({
    unit: fc.constantFrom('a', ':', '{', '}', '*', '?', '[', ']', '\\', '^', '%', '\0', '\n', ' ', '😀', '\ud83d', '\ude00', 'é', '%7B'),
  }),
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((codes) => String.fromCharCode(...codes)),
);
const name = text.filter((value) => value !== '' && value !== 'sideboard');
const version = fc.bigInt({ min: 0n, max: 2n ** 53n }).map(String);
const utf8 = new TextEncoder();
// By default a decoder drops a byte order mark.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const roundTrip = (key: string) => decoder.decode(utf8.encode(key));

describe('keys', () => {
  it('no character gets into a key as it is that would mean something there, at the end of a plain id least of all', () => {
    // Controls, halves of pairs, separators, braces, globs, what ends a line.
    const means = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp} :{}*?[\]\\^]/u;
    for (let code = 0; code <= 0xffff; code += 1) {
      const id = `plain-${String.fromCharCode(code)}`;
      const escaped = escapeId(id);
      if (means.test(escaped) || unescapePart(escaped) !== id) expect.fail(`U+${code.toString(16)} becomes ${JSON.stringify(escaped)}`);
    }
  });

  it('any text as a part comes back, and no part holds a separator, a brace, a glob or a control byte', () => {
    fc.assert(
      fc.property(text, (value) => {
        const part = escapePart(value);
        expect(unescapePart(part)).toBe(value);
        expect(part).not.toMatch(/[\p{Cc}\p{Cs} :{}*?[\]\\^]/u);
        expect(roundTrip(part)).toBe(part);
      }),
      { numRuns: 2_000, examples: [['\ufeff']] },
    );
  });

  it('a part that the escape never makes is refused', () => {
    for (const part of ['%', '%4', '%zz', '%41', 'a:b', '{a}', '%uD8', '%7b', '%u0041']) expect(unescapePart(part)).toBeNull();
  });

  it('a data key is read back into its parts', () => {
    fc.assert(
      fc.property(name, name, version, name, text, (env, service, ns, entity, id) => {
        const parsed = parseDataKey(dataKey({ env, service }, ns, entity, id));
        if (escapePart(id).length > 512) expect(parsed).toMatchObject({ env, service, version: ns, entity, idHashed: true });
        else expect(parsed).toEqual({ env, service, version: ns, entity, id, idHashed: false });
      }),
      { numRuns: 2_000 },
    );
  });

  it('two different parts never make one key', () => {
    const quad = fc.tuple(name, name, name, text);
    fc.assert(
      fc.property(quad, quad, (a, b) => {
        const key = ([env, service, entity, id]: [string, string, string, string]) => dataKey({ env, service }, '7', entity, id);
        if (JSON.stringify(a) !== JSON.stringify(b)) expect(key(a)).not.toBe(key(b));
      }),
      { numRuns: 2_000 },
    );
  });

  it('a long id is bounded, keeps its head readable, and stays apart from ids that begin alike', () => {
    const long = `order-${'x'.repeat(10_240)}`;
    const key = escapeId(long);
    expect(key.length).toBeLessThan(200);
    expect(key.startsWith('order-xxx')).toBe(true);
    expect(escapeId(`${long}y`)).not.toBe(key);
    expect(escapeId('😀'.repeat(5_000)).isWellFormed()).toBe(true);
    expect(escapeId('\0'.repeat(10_240))).toMatch(/^(%00)+%~[\w-]{43}$/);
    expect(escapeId(key)).not.toBe(key);
    expect(parseDataKey(dataKey({ env: 'e', service: 's' }, '7', 'p', long))).toMatchObject({ idHashed: true });
  });

  it('an id as it stands in a key is read back whole, or as what the key holds of it', () => {
    fc.assert(
      fc.property(fc.oneof(text, fc.string({ unit: 'binary', minLength: 600, maxLength: 700 })), (id) => {
        const read = parseStandingId(escapeId(id));
        const hashed = escapePart(id).length > 512;
        expect(read).toMatchObject(hashed ? { id: escapeId(id), idHashed: true } : { id, idHashed: false, beginning: id });
        expect(id.startsWith(read?.beginning ?? 'none')).toBe(true);
        expect(escapeId(id).startsWith(escapePart(read?.beginning ?? 'none'))).toBe(true);
      }),
      { numRuns: 2_000 },
    );
    for (const part of ['%41', 'a:b', `a:b${escapeId('x'.repeat(600)).slice(-45)}`]) expect(parseStandingId(part)).toBeNull();
  });

  it('a head and digest as a key holds them name the same key again; nothing else passes for them', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 600, maxLength: 700 }), (id) => {
        expect(standingId(escapeId(id))).toBe(escapeId(id));
      }),
      { numRuns: 200 },
    );
    const digest = escapeId('x'.repeat(600)).slice(-45);
    for (const wrong of ['42', digest.slice(0, -1), `a:b${digest}`, `a{b${digest}`, `*${digest}`, `%3${digest}`, `${digest} `]) {
      expect(() => standingId(wrong), wrong).toThrow(RangeError);
    }
  });

  it('the lease lies in the slot of its data key: its only braces enclose the whole of it', () => {
    fc.assert(
      fc.property(name, name, name, text, (env, service, entity, id) => {
        const key = dataKey({ env, service }, '7', entity, id);
        const lease = leaseKey(key);
        expect(/\{([^}]*)\}/.exec(lease)?.[1]).toBe(key);
        expect(key).not.toMatch(/[{}]/);
      }),
    );
  });

  it('no data key is a control key, and no other text is a data key', () => {
    const ref = { env: 'demo', service: 'shop' };
    for (const key of [
      versionKey(ref, 'product'),
      faultsKey(ref),
      'sideboard:services',
      leaseKey(dataKey(ref, '7', 'p', '1')),
      '',
      ':::::',
      'a:b:c',
      'a:b:07:d:e',
    ]) {
      expect(parseDataKey(key), key).toBeNull();
    }
    expect(problemOfName('env', 'sideboard')).toMatch(/control plane/);
    expect(problemOfName('service', 'sideboard')).toBeNull();
    expect(problemOfName('entity', '')).toBe('must not be empty');
  });

  it('a pattern holds no glob character but the ones of its own', () => {
    fc.assert(
      fc.property(name, name, name, text, (env, service, entity, idPrefix) => {
        const pattern = dataKeyPattern({ env, service }, { entity, idPrefix });
        expect(pattern.match(/[*?[\]\\]/g)).toEqual(['*', '*']);
      }),
    );
  });

  it('a service is read back from the set of services', () => {
    fc.assert(
      fc.property(name, name, (env, service) => {
        expect(parseServiceMember(serviceMember({ env, service }))).toEqual({ env, service });
      }),
    );
  });

  it('a version is shown in base 36', () => {
    expect(showVersion('1790000000000000')).toBe((1_790_000_000_000_000).toString(36));
  });
});
