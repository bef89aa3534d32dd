import { describe, expect, it } from 'vitest';
import { Acknowledged } from './acknowledged.ts';
import { type Clock, systemClock } from './clock.ts';
import { EntityState } from './entity-state.ts';
import { resolvePolicy } from './policy.ts';

const entity = (name: string) => new EntityState({ env: 'test', service: 'shop' }, name, resolvePolicy({ ttl: '1h' }));

function manualClock(): Clock & { passedMs: number } {
  return {
    ...systemClock,
    passedMs: 0,
    monotonicMs() {
      return this.passedMs;
    },
  };
}

describe('what was acknowledged lately', () => {
  it('is taken once, each key once, the oldest first', () => {
    const kept = new Acknowledged(manualClock());
    const [product, order] = [entity('product'), entity('order')];
    for (const id of ['1', '2', '1']) kept.add(product, id);
    kept.add(order, '1');
    expect(kept.take().map(({ entity: { name }, id }) => `${name} ${id}`)).toEqual(['product 2', 'product 1', 'order 1']);
    expect(kept.take()).toEqual([]);
  });

  it('is forgotten after 15 s', () => {
    const clock = manualClock();
    const kept = new Acknowledged(clock);
    kept.add(entity('product'), 'old');
    clock.passedMs += 10_000;
    kept.add(entity('product'), 'young');
    clock.passedMs += 5_001;
    expect(kept.take().map(({ id }) => id)).toEqual(['young']);
  });

  it('past its bound gives up the oldest, of whatever entity, and never the newest', () => {
    const kept = new Acknowledged(manualClock());
    const [first, second] = [entity('first'), entity('second')];
    for (let n = 0; n < 10_000; n += 1) kept.add(first, String(n));
    kept.add(second, 'newest');
    const taken = kept.take();
    expect(taken).toHaveLength(10_000);
    expect(taken[0]).toMatchObject({ entity: first, id: '1' });
    expect(taken.at(-1)).toMatchObject({ entity: second, id: 'newest' });
  });
});
