import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startTcpProxy, type TcpProxy } from '../tcp-proxy.ts';
import { keySpaceOf } from './key-space.ts';
import { patient } from './open-caches.ts';
import { redisBed } from './redis-bed.ts';

let proxy: TcpProxy;
const bed = redisBed(patient);
const { caches } = bed;
const { keyOf } = keySpaceOf(() => bed.redis);
beforeEach(async () => {
  proxy = await startTcpProxy(bed.server.port);
});
afterEach(async () => {
  await caches.closeAll();
  await proxy.close();
});

const open = () => caches.open({ redis: `redis://127.0.0.1:${proxy.port}` });

function link(role: 'read' | 'write' | 'lease') {
  const found = proxy.links().find(({ head }) => head.includes(`sideboard-${role}`));
  if (found === undefined) throw new Error(`no ${role} connection`);
  return found;
}

describe('a reply that is lost while its connection lives on', () => {
  it('acknowledges nothing with the reply of another command: both are refused, the connection ends, and both are sent again', async () => {
    const { cache, events } = await open();
    for (const id of ['1', '2']) await cache.set('product', id, `value ${id}`);
    // Redis knows the script from now on.
    await cache.invalidate('product', '0');
    link('write').swallowNext('toClient');
    const answers = [Promise.allSettled([cache.invalidate('product', '1')])];
    await vi.waitFor(async () => expect(await bed.redis.exists(await keyOf('1'))).toBe(0));
    answers.push(Promise.allSettled([cache.invalidate('product', '2')]));
    for (const [answer] of await Promise.all(answers)) {
      expect(answer).toMatchObject({ status: 'rejected', reason: { name: 'InvalidationNotAcknowledged' } });
    }
    expect(events.filter(({ type }) => type === 'connection.out-of-step')).toEqual([{ type: 'connection.out-of-step', role: 'write' }]);
    await vi.waitFor(() => {
      const replayed = events.flatMap((event) => (event.type === 'invalidation.replayed' ? [event.id] : []));
      expect(replayed.sort()).toEqual(['1', '2']);
    });
    await cache.set('product', '1', 'new');
    expect(await cache.get('product', '1')).toBe('new');
  });

  it('gives no read the value of another key, and is found out though reads never stop', async () => {
    const { cache, events } = await open();
    const ids = Array.from({ length: 20 }, (_, index) => String(index));
    for (const id of ids) await cache.set('product', id, `value ${id}`);
    let at = 0;
    const answers: Promise<void>[] = [];
    // Whatever the answers do: a command is always under way, so that no timeout ever shows the loss.
    const reading = setInterval(() => {
      const id = String(at++ % ids.length);
      const answer = cache.getOrSet('product', id, () => Promise.resolve(`value ${id}`));
      answers.push(answer.then((value) => expect(value).toBe(`value ${id}`)));
    }, 1);
    try {
      link('read').swallowNext('toClient');
      await vi.waitFor(() => expect(events).toContainEqual({ type: 'connection.out-of-step', role: 'read' }));
      const found = events.length;
      await vi.waitFor(() => {
        const hits = events.slice(found).filter((event) => event.type === 'read' && event.outcome === 'hit');
        expect(hits.length).toBeGreaterThan(ids.length);
      });
    } finally {
      clearInterval(reading);
    }
    await Promise.all(answers);
  });

  it('an entry under a key that is not its own is no such loss: the connection stays', async () => {
    const { cache, events } = await open();
    await cache.set('product', '1', 'value 1');
    await bed.redis.copy(await keyOf('1'), await keyOf('2'));
    expect(await cache.get('product', '2')).toBeUndefined();
    expect(await cache.get('product', '1')).toBe('value 1');
    expect(events).toContainEqual({ type: 'entry.rejected', entity: 'product', id: '2', problem: 'entry of another key' });
    expect(events.some(({ type }) => type === 'connection.out-of-step' || type === 'redis.unavailable')).toBe(false);
  });
});
