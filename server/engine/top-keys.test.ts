import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { escapeId } from './keys.ts';
import { BigKeys, HotKeys, Sampler } from './top-keys.ts';
import { frame } from './wire/frame.ts';

describe('hot keys', () => {
  it('a key that makes up more than one in 64 reads is listed, and never counted short', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.array(fc.nat(5_000), { minLength: 100, maxLength: 2_000 }), (hot, cold) => {
        const keys = new HotKeys();
        const reads = Math.ceil(cold.length / 8);
        const all = [...cold.map((id) => `cold ${id}`), ...Array.from({ length: hot * reads }, (_, at) => `hot ${at % hot}`)];
        // Any order will do: this one spreads the hot ones.
        const mixed = all.map((id, at) => ({ id, at: (at * 7919) % all.length })).sort((one, other) => one.at - other.at);
        for (const { id } of mixed) keys.add('product', id, 1);
        const top = keys.take();
        for (let n = 0; n < hot; n += 1) expect(top.find(({ id }) => id === `hot ${n}`)?.count ?? 0).toBeGreaterThanOrEqual(reads);
        expect(top.length).toBeLessThanOrEqual(10);
        expect(keys.take()).toEqual([]);
      }),
    );
  });

  it('the same id of two entities is two keys', () => {
    const keys = new HotKeys();
    keys.add('a', '1', 3);
    keys.add('b', '1', 2);
    keys.add('a', '1', 1);
    expect(keys.take()).toEqual([
      { entity: 'a', id: '1', count: 4 },
      { entity: 'b', id: '1', count: 2 },
    ]);
  });
});

describe('big keys', () => {
  it('are the largest, each once, whatever came when', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(40), fc.nat(1_000_000)), { maxLength: 200 }), (writes) => {
        const keys = new BigKeys();
        const largest = new Map<string, number>();
        for (const [id, bytes] of writes) {
          keys.add('e', `${id}`, bytes);
          largest.set(`${id}`, Math.max(bytes, largest.get(`${id}`) ?? 0));
        }
        const expected = [...largest.values()].sort((one, other) => other - one).slice(0, 10);
        expect(keys.take().map(({ count }) => count)).toEqual(expected);
      }),
    );
  });
});

describe('a list in a frame', () => {
  const list = (ids: readonly string[]) => {
    const keys = new BigKeys();
    for (const id of ids) keys.add('product', id, 1);
    return keys.take();
  };
  const sent = (big: unknown) =>
    frame.parse(JSON.parse(JSON.stringify({ v: 1, instance: 'a', at: 1, durationMs: 1_000, entities: {}, big }))).big ?? [];

  it('names each key, however long its id and whatever its letters', () => {
    const letter = fc.constantFrom('x', ':', '\u20ac', '😀', '\ud800', '\u0000');
    fc.assert(
      fc.property(letter, fc.constantFrom(1, 99, 100, 199, 200, 201, 512, 16_384), fc.string({ unit: 'binary' }), (fill, length, end) => {
        const id = fill.repeat(length) + end;
        const [one] = sent(list([id]));
        expect(one?.standing ?? escapeId(one?.id ?? '')).toBe(escapeId(id));
        expect(id.startsWith(one?.id ?? 'none')).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('of the longest ids is bounded, and tells apart those that begin the same', () => {
    const listed = sent(list(Array.from({ length: 10 }, (_, at) => `${'\u20ac'.repeat(16_384)}${at}`)));
    expect(new Set(listed.map(({ standing }) => standing)).size).toBe(10);
    expect(Buffer.byteLength(JSON.stringify(listed))).toBeLessThan(10_000);
    expect(Buffer.byteLength(JSON.stringify(sent(list(['\u20ac'.repeat(512)]))))).toBeLessThan(3 * 712 + 100);
  });

  it('is read from engines of earlier builds, and by consoles of earlier builds', () => {
    const earlier = z.object({ entity: z.string().max(200), id: z.string().max(200), count: z.number() });
    const cut = { entity: 'product', id: 'x'.repeat(200), count: 1 };
    expect(sent([cut])).toEqual([cut]);
    expect(z.array(earlier).parse(list(['x'.repeat(300)]))).toEqual([cut]);
  });
});

describe('a sampler', () => {
  it('picks events that stand for about all of them', () => {
    let seed = 1;
    const random = () => {
      seed = (seed * 16_807) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    const sampler = new Sampler(8, random);
    let stood = 0;
    for (let n = 0; n < 100_000; n += 1) stood += sampler.pick();
    expect(Math.abs(stood - 100_000)).toBeLessThan(5_000);
  });
});
