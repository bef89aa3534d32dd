import { describe, expect, it, vi } from 'vitest';
import { type Clock, systemClock } from '../../engine/clock.ts';
import { FALLBACK_MS } from '../../engine/lease-gates.ts';
import { countingLoader, deferred, patient } from './open-caches.ts';
import { redisBed } from './redis-bed.ts';

const bed = redisBed(patient);
const { caches } = bed;

describe('reads', () => {
  it('the first read loads and fills, the next is a hit', async () => {
    const { cache, events } = await caches.open();
    const { load, calls } = countingLoader(() => Promise.resolve({ name: 'chair', at: [1, null] }));
    expect(await cache.getOrSet('product', '1', load)).toEqual({ name: 'chair', at: [1, null] });
    await vi.waitFor(() => expect(events).toContainEqual({ type: 'fill', entity: 'product', id: '1', result: 'stored' }));
    expect(await cache.getOrSet('product', '1', load)).toEqual({ name: 'chair', at: [1, null] });
    expect(calls()).toBe(1);
    expect(events.flatMap((event) => (event.type === 'read' ? [event.outcome] : []))).toEqual(['miss', 'hit']);
    expect(await cache.get('product', '1')).toEqual({ name: 'chair', at: [1, null] });
    expect(await cache.get('product', '2')).toBeUndefined();
  });

  it('callers of one process share one load of a cold key', async () => {
    const { cache } = await caches.open();
    const answer = deferred<string>();
    const { load, calls } = countingLoader(() => answer.promise);
    const early = Array.from({ length: 50 }, () => cache.getOrSet('product', '1', load));
    await vi.waitFor(() => expect(calls()).toBe(1));
    const later = Array.from({ length: 50 }, () => cache.getOrSet('product', '1', load));
    // The later ones ask Redis whether the load's lease stands before they share it: let them.
    await cache.peek('product', '1');
    answer.resolve('chair');
    expect(new Set(await Promise.all([...early, ...later]))).toEqual(new Set(['chair']));
    expect(calls()).toBe(1);
  });

  it('a waiter in another instance is woken by the fill and loads nothing', async () => {
    // The waiter's fallback timer never comes: only the push can wake it.
    const clock: Clock = {
      ...systemClock,
      after: (delayMs, run) => (delayMs === FALLBACK_MS ? () => {} : systemClock.after(delayMs, run)),
    };
    const [a, b] = [await caches.open(), await caches.open({}, { clock })];
    const answer = deferred<string>();
    const first = countingLoader(() => answer.promise);
    const second = countingLoader(() => Promise.resolve('other'));
    const read = a.cache.getOrSet('product', '1', first.load);
    await vi.waitFor(() => expect(first.calls()).toBe(1));
    const waiting = b.cache.getOrSet('product', '1', second.load);
    const client = bed.server.client();
    await vi.waitFor(async () => expect((await client.keys('{*}:lease')).length).toBe(1));
    const [lease = ''] = await client.keys('{*}:lease');
    await vi.waitFor(async () => expect(await client.strlen(lease)).toBe(40));
    answer.resolve('chair');
    expect(await Promise.all([read, waiting])).toEqual(['chair', 'chair']);
    expect(second.calls()).toBe(0);
  });

  it('null is a value; undefined is returned and not kept', async () => {
    const { cache, events } = await caches.open();
    const none = countingLoader(() => Promise.resolve(null));
    expect(await cache.getOrSet('product', 'none', none.load)).toBeNull();
    await vi.waitFor(() => expect(events.some((event) => event.type === 'fill')).toBe(true));
    expect(await cache.getOrSet('product', 'none', none.load)).toBeNull();
    expect(none.calls()).toBe(1);
    const nothing = countingLoader(() => Promise.resolve(undefined));
    expect(await cache.getOrSet('product', 'nothing', nothing.load)).toBeUndefined();
    expect(await cache.getOrSet('product', 'nothing', nothing.load)).toBeUndefined();
    expect(nothing.calls()).toBe(2);
    expect(events.filter((event) => event.type === 'value.unserializable')).toHaveLength(2);
  });
});
