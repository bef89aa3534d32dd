import { describe, expect, it, vi } from 'vitest';
import { commandCalls } from '../command-calls.ts';
import { countingLoader, patient } from '../open-caches.ts';
import { countOf, faultBench, soon } from './fault-bench.ts';

const bench = faultBench(patient);
const ids = Array.from({ length: 20 }, (_, n) => String(n));

async function openFilled() {
  const traced = await bench.openOverWire();
  for (const id of ids) await traced.cache.set('product', id, `value ${id}`);
  return traced;
}

/** Whatever the wire did: each id has its own value, from wherever, and in the end as hits again. */
async function expectOwnValues({ cache, events }: Awaited<ReturnType<typeof openFilled>>) {
  const read = () => Promise.all(ids.map((id) => cache.getOrSet('product', id, () => Promise.resolve(`value ${id}`))));
  const own = ids.map((id) => `value ${id}`);
  expect(await read()).toEqual(own);
  await vi.waitFor(async () => {
    const from = events.length;
    expect(await read()).toEqual(own);
    const outcomes = events.slice(from).flatMap((event) => (event.type === 'read' ? [event.outcome] : []));
    expect(outcomes).toEqual(ids.map(() => 'hit'));
  }, soon);
}

describe('a wire that breaks', () => {
  it('reset before the reply: an invalidation is refused, is never sent again by its connection, and repeated once it can be', async () => {
    const { cache, events } = await openFilled();
    await cache.invalidate('product', 'known to Redis from now on');
    await bench.redis.config('RESETSTAT');
    const link = bench.link('write');
    link.hold('toClient');
    const lost = cache.invalidate('product', '1').catch((error: unknown) => error);
    const key = await bench.keys.keyOf('1');
    await vi.waitFor(async () => expect(await bench.redis.exists(key)).toBe(0), soon);
    const sent = (await commandCalls(bench.redis)).get('evalsha');
    link.reset();
    expect(await lost).toMatchObject({ name: 'InvalidationNotAcknowledged' });
    await vi.waitFor(() => expect(countOf(events, 'invalidation.replayed')).toBe(1), soon);
    expect([sent, (await commandCalls(bench.redis)).get('evalsha')]).toEqual([1, 2]);
    expect(await cache.get('product', '1')).toBeUndefined();
  });

  it('reset before the reply of a bump: refused, and bumped again once it can be, so that nothing from before is read', async () => {
    const { cache, events } = await openFilled();
    const before = await bench.keys.record();
    const link = bench.link('write');
    const release = link.hold('toServer');
    const lost = cache.bumpVersion('product').catch((error: unknown) => error);
    link.reset();
    release();
    expect(await lost).toMatchObject({ name: 'InvalidationNotAcknowledged' });
    // Before it is repeated, too.
    expect(await cache.get('product', '1')).toBeUndefined();
    await vi.waitFor(() => expect(countOf(events, 'bump.replayed')).toBe(1), soon);
    expect(Number((await bench.keys.record()).rev)).toBeGreaterThan(Number(before.rev));
    expect(await cache.get('product', '1')).toBeUndefined();
  });

  it('reset after the origin was written: the origin is written once, and the key is invalid until Redis has said so', async () => {
    const { cache, events } = await openFilled();
    const link = bench.link('write');
    const { load: write, calls } = countingLoader(async () => {
      link.reset();
      return 'new';
    });
    await expect(cache.set('product', '1', write)).rejects.toMatchObject({ name: 'WrittenNotInvalidated' });
    expect(await cache.get('product', '1')).toBeUndefined();
    await vi.waitFor(() => expect(countOf(events, 'invalidation.replayed')).toBe(1), soon);
    expect(calls()).toBe(1);
    expect(await bench.redis.exists(await bench.keys.keyOf('1'))).toBe(0);
  });

  it('cut in the middle of a value: no part of it is ever an answer', async () => {
    const traced = await openFilled();
    bench.link('read').cutNext('toClient', 60);
    await expectOwnValues(traced);
    expect(countOf(traced.events, 'entry.rejected')).toBe(0);
  });

  it('garbage for a reply: the connection is replaced, and every read has its own value', async () => {
    const traced = await openFilled();
    const link = bench.link('read');
    link.changeNext('toClient', () => Buffer.from('@@x\r\n'));
    await expectOwnValues(traced);
    expect(bench.link('read')).not.toBe(link);
  });

  it('a byte at a time: slower, and right', async () => {
    bench.proxy.onLink((link) => {
      link.slice('toServer', 1);
      link.slice('toClient', 1);
    });
    const { cache } = await bench.openOverWire({ deadlineMs: 30_000 });
    await cache.set('product', '1', { name: 'chair', parts: ['leg', 'seat'] });
    expect(await cache.get('product', '1')).toEqual({ name: 'chair', parts: ['leg', 'seat'] });
    expect(await cache.invalidate('product', '1')).toMatchObject({ removed: 1 });
    expect(await cache.get('product', '1')).toBeUndefined();
  });
});
