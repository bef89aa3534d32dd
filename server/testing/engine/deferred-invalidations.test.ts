import { describe, expect, it } from 'vitest';
import { DeferredInvalidations } from '../../engine/deferred-invalidations.ts';
import { EntityState } from '../../engine/entity-state.ts';
import { createEventBus } from '../../engine/events.ts';
import { resolvePolicy } from '../../engine/policy.ts';
import { manualClock } from './manual-clock.ts';

const entityOf = (name: string) => new EntityState({ env: 'test', service: 'shop' }, name, resolvePolicy({ ttl: '10min' }));

/** Redis, which acknowledges while `answers`; what was asked of it is noted. */
function setUp() {
  const clock = manualClock();
  const redis = { answers: true, asked: [] as string[] };
  const ask = (what: string) => {
    redis.asked.push(what);
    return Promise.resolve(redis.answers);
  };
  const deferred = new DeferredInvalidations(createEventBus(), clock, {
    invalidate: ({ name }, id) => ask(`${name} ${id}`),
    bump: ({ name }) => ask(`${name}, all of it`),
  });
  return { clock, redis, deferred };
}

describe('what Redis did not acknowledge', () => {
  it('is asked again once for each key, and then no more', async () => {
    const { redis, deferred } = setUp();
    const product = entityOf('product');
    for (const id of ['1', '2', '1']) deferred.add(product, id);
    await deferred.replay();
    expect(redis.asked).toEqual(['product 1', 'product 2']);
    await deferred.replay();
    expect(redis.asked).toHaveLength(2);
    expect(product.isUnacknowledged('1')).toBe(false);
  });

  it('stops at the first that is refused again, and goes on a second later', async () => {
    const { clock, redis, deferred } = setUp();
    const product = entityOf('product');
    for (const id of ['1', '2']) deferred.add(product, id);
    redis.answers = false;
    await deferred.replay();
    expect(redis.asked).toEqual(['product 1']);
    expect(product.isUnacknowledged('1')).toBe(true);
    redis.answers = true;
    clock.advance(999);
    expect(redis.asked).toHaveLength(1);
    clock.advance(1);
    expect(redis.asked).toEqual(['product 1', 'product 1']);
    // It joins the one that is under way.
    await deferred.replay();
    expect(redis.asked).toEqual(['product 1', 'product 1', 'product 2']);
    expect(product.isUnacknowledged('2')).toBe(false);
  });

  it('past 10,000 keys the whole version of its entity is put off: none of them is forgotten', async () => {
    const { redis, deferred } = setUp();
    const [product, order] = [entityOf('product'), entityOf('order')];
    deferred.add(order, '1');
    for (let n = 0; n < 9_999; n += 1) deferred.add(product, String(n));
    expect(product.isUnacknowledged('another')).toBe(false);
    deferred.add(product, 'one more');
    expect(product.isUnacknowledged('another')).toBe(true);
    expect(order.isUnacknowledged('2')).toBe(false);
    await deferred.replay();
    expect(redis.asked).toEqual(['order 1', 'product, all of it']);
    expect(product.isUnacknowledged('0')).toBe(false);
  });

  it('a bump that is put off stands for the keys of its entity, until it is made', async () => {
    const { redis, deferred } = setUp();
    const product = entityOf('product');
    deferred.addBump(product);
    // The bump stands for it.
    deferred.add(product, '1');
    await deferred.replay();
    expect(redis.asked).toEqual(['product, all of it']);
    deferred.add(product, '1');
    expect(product.isUnacknowledged('1')).toBe(true);
    await deferred.replay();
    expect(redis.asked).toEqual(['product, all of it', 'product 1']);
  });

  it('and is put off once more while it is asked again is asked again: Redis may have done it before that', async () => {
    const { clock, redis, deferred } = setUp();
    const product = entityOf('product');
    deferred.add(product, '1');
    const replay = deferred.replay();
    expect(redis.asked).toEqual(['product 1']);
    deferred.add(product, '1');
    await replay;
    expect(product.isUnacknowledged('1')).toBe(true);
    clock.advance(1_000);
    expect(redis.asked).toEqual(['product 1', 'product 1']);
    await deferred.replay();
    expect(product.isUnacknowledged('1')).toBe(false);
  });

  it('so is a key that is put off while the bump of its entity is made, and a bump', async () => {
    const { clock, redis, deferred } = setUp();
    const product = entityOf('product');
    deferred.addBump(product);
    const first = deferred.replay();
    deferred.add(product, '1');
    await first;
    expect(redis.asked).toEqual(['product, all of it', 'product 1']);
    expect(product.isUnacknowledged('1')).toBe(false);
    deferred.addBump(product);
    const second = deferred.replay();
    deferred.addBump(product);
    await second;
    expect(product.isUnacknowledged('1')).toBe(true);
    clock.advance(1_000);
    await deferred.replay();
    expect(redis.asked.slice(2)).toEqual(['product, all of it', 'product, all of it']);
    expect(product.isUnacknowledged('1')).toBe(false);
  });
});
