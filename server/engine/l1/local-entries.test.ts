import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { freezeShared } from './freeze-shared.ts';
import { LocalPool } from './local-entries.ts';

const times = { createdMs: 0, freshUntilMs: 10, expiresMs: 20, loadCostMs: 1 };
const legality = { untilMs: 0 };
const pool = (itemsMax: number, bytesMax = 1 << 20) => new LocalPool({ itemsMax, bytesMax });

describe('the entries of a process', () => {
  it('never exceed their bounds, whatever is stored and dropped', () => {
    const act = fc.record({
      entity: fc.nat(2),
      id: fc.nat(30),
      bytes: fc.nat(3_000),
      does: fc.constantFrom('store', 'drop', 'clear', 'read'),
    });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 200 }), (acts) => {
        const bounded = pool(8, 10_000);
        const entities = [bounded.add(legality), bounded.add(legality), bounded.add(legality)];
        for (const { entity, id, bytes, does } of acts) {
          const local = entities[entity] ?? bounded.add(legality);
          if (does === 'store') local.store(`${id}`, { id }, bytes, 10, times);
          else if (does === 'drop') local.drop(`${id}`);
          else if (does === 'read') local.entries.get(`${id}`);
          else local.clear();
          const { items, bytes: held } = bounded.size;
          expect(items).toBeLessThanOrEqual(8);
          expect(held).toBeLessThanOrEqual(10_000);
          expect(items).toBe(entities.reduce((sum, one) => sum + one.entries.size, 0));
          expect(held).toBe(entities.reduce((sum, one) => sum + one.entries.calculatedSize, 0));
        }
      }),
    );
  });

  it('the longest unused of the entity that takes most gives way', () => {
    const bounded = pool(3);
    const [small, large] = [bounded.add(legality), bounded.add(legality)];
    small.store('s', 1, 10, 10, times);
    large.store('a', 1, 100, 10, times);
    large.store('b', 1, 100, 10, times);
    large.entries.get('a');
    large.store('c', 1, 100, 10, times);
    expect([...large.entries.keys()].sort()).toEqual(['a', 'c']);
    expect([...small.entries.keys()]).toEqual(['s']);
  });

  it('one value that would take too much of the room is not kept, and replaces nothing by itself', () => {
    const bounded = pool(10, 4_000);
    const local = bounded.add(legality);
    expect(local.store('a', 'x', 3_000, 10, times)).toBe(false);
    expect(bounded.size).toEqual({ items: 0, bytes: 0 });
  });

  it('a place is dead once its key was dropped or all was cleared, and a later one is not', () => {
    const local = pool(10).add(legality);
    const [first, same, other] = [local.reserve('a'), local.reserve('a'), local.reserve('b')];
    expect(same).toBe(first);
    local.drop('a');
    expect([first.alive, other.alive]).toEqual([false, true]);
    const second = local.reserve('a');
    expect(second.alive).toBe(true);
    local.release('a', first);
    local.release('a', same);
    local.drop('a');
    expect(second.alive).toBe(false);
    local.clear();
    expect(other.alive).toBe(false);
  });
});

describe('values that are shared', () => {
  it('are frozen all the way down, or refused', () => {
    const value = { a: [{ b: 1 }], c: 'text', d: null };
    expect(freezeShared(value)).toBe(true);
    expect(() => {
      Object.assign(value.a[0] ?? {}, { b: 2 });
    }).toThrow(TypeError);
    for (const refused of [new Date(), new Map(), Buffer.from('x'), { a: [new Date()] }]) expect(freezeShared(refused)).toBe(false);
    for (const plain of [1, 'a', null, undefined, true, 1n]) expect(freezeShared(plain)).toBe(true);
  });
});
