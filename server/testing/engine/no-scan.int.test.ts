import { describe, expect, it, vi } from 'vitest';
import * as scripts from '../../engine/scripts.ts';
import { commandCalls } from './command-calls.ts';
import { keySpaceOf } from './key-space.ts';
import { patient } from './open-caches.ts';
import { redisBed } from './redis-bed.ts';

const bed = redisBed(patient);
const { caches } = bed;
const { recordKey, putEntry, keyOf } = keySpaceOf(() => bed.redis);

/** Commands whose cost grows with what others have stored, or that reach past the engine's own keys. */
const WALKS = /^(scan|sscan|hscan|zscan|keys|randomkey|flushall|flushdb|swapdb|dbsize|sort|smembers|hgetall)$/;
const allScripts = Object.values<unknown>(scripts).filter(
  (one): one is scripts.Script => typeof one === 'object' && one !== null && 'lua' in one,
);
const load = () => Promise.resolve('loaded');

describe('what the engine asks of Redis', () => {
  it('no operation walks the keys or empties anything, in whatever state it finds them', async () => {
    await bed.redis.config('RESETSTAT');
    const { cache } = await caches.open({ policies: { product: { ttl: '10min', staleWindow: '1min' }, order: { strategy: 'none' } } });
    for (const entity of ['product', 'order']) {
      await cache.getOrSet(entity, '1', load);
      await cache.getOrSet(entity, '1', load);
      await cache.get(entity, '2');
      await cache.peek(entity, '1');
      await cache.set(entity, '1', 'v');
      await cache.set(entity, '1', load);
      await cache.explain(entity, '1');
      await cache.invalidate(entity, '1', { mode: 'soft' });
      await cache.getOrSet(entity, '1', load);
      await cache.invalidate(entity, '1');
    }
    await putEntry('3', 'stale', { createdMs: -600_000, freshMs: -30_000, expiresMs: 60_000 });
    await cache.getOrSet('product', '3', load);
    await bed.redis.set(await keyOf('4'), 'garbage', 'PX', 60_000);
    await cache.getOrSet('product', '4', load);
    await cache.bumpVersion('product');
    await cache.undoBump('product');
    await bed.redis.del(recordKey);
    await cache.getOrSet('product', '1', load);
    await bed.redis.set(recordKey, '1 1 - -');
    await cache.getOrSet('product', '1', load);
    await cache.bumpVersion('product');
    await cache.close();
    const calls = await commandCalls(bed.redis);
    expect([...calls.keys()].filter((name) => WALKS.test(name))).toEqual([]);
    // It has seen the others, so it would have seen these.
    expect(calls.get('mget')).toBeGreaterThan(0);
    expect(calls.get('setrange')).toBeGreaterThan(0);
  });

  it.each(allScripts)('nor does the script $name, whoever runs it', ({ name, lua }) => {
    const commands = [...lua.matchAll(/redis\.p?call\('(\w+)'/g)].map(([, command = '']) => command.toLowerCase());
    expect(commands.length).toBeGreaterThan(0);
    // Of a hash that the same script keeps to a bound that it is given.
    const walked = commands.filter((command) => WALKS.test(command) && !(name === 'publishStructures' && command === 'hgetall'));
    expect(walked).toEqual([]);
  });

  it('a hit runs no script', async () => {
    const { cache, events } = await caches.open({}, { random: () => 0.5 });
    await cache.getOrSet('product', '1', load);
    await cache.set('product', '2', 'v');
    await vi.waitFor(() => expect(events.some((event) => event.type === 'fill')).toBe(true));
    await bed.redis.config('RESETSTAT');
    for (let n = 0; n < 50; n += 1) {
      await Promise.all(['1', '2'].map((id) => cache.getOrSet('product', id, load)));
      await Promise.all([cache.get('product', '1'), cache.peek('product', '2')]);
    }
    const calls = await commandCalls(bed.redis);
    expect([...calls.keys()].filter((name) => /^(evalsha|eval|fcall)/.test(name))).toEqual([]);
    expect([calls.get('mget'), calls.get('getex')]).toEqual([100, 100]);
  });
});
