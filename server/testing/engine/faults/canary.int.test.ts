import { describe, expect, it, vi } from 'vitest';
import { createCache } from '../../../engine/create-cache.ts';
import type { CacheEvent } from '../../../engine/events.ts';
import { createOperator } from '../../../engine/operator/create-operator.ts';
import { patient, type TracedCache } from '../open-caches.ts';
import { countOf, faultBench, soon } from './fault-bench.ts';

/** In user names, passwords and values: whatever the engine tells of what went wrong, it never tells this. */
const CANARY = 'c4nary-5ecret';
const value = { name: CANARY };

const bench = faultBench(patient);

/** All text that can be reached from it: messages, stacks and causes, every field whether a logger would show it or not, bytes as text. */
function textWithin(what: unknown, seen = new Set<unknown>()): string {
  if (typeof what === 'string') return `${what}\n`;
  if (typeof what !== 'object' || what === null || seen.has(what)) return '';
  seen.add(what);
  if (Buffer.isBuffer(what)) return `${what.toString('latin1')}\n`;
  return Reflect.ownKeys(what)
    .map((key) => `${String(key)} ${textWithin(Reflect.get(what, key), seen)}`)
    .join('');
}

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error('it was to be refused');
}

const asUser = (password: string) => ({
  redis: { host: '127.0.0.1', port: bench.server.port, username: 'app', password },
  policies: { product: { ttl: '10min', compress: false } },
});
const allow = (...rules: string[]) => bench.redis.acl('SETUSER', 'app', 'on', `>${CANARY}`, '~*', '&*', '+@all', ...rules);

/** Every call that Redis can refuse, refused: what they were refused with. */
async function refusalsOf({ cache }: TracedCache): Promise<unknown[]> {
  const load = () => Promise.resolve(value);
  await cache.getOrSet('product', '1', load);
  await cache.explain('product', '1');
  return [
    await errorOf(cache.set('product', '1', value)),
    await errorOf(cache.invalidate('product', '1')),
    await errorOf(cache.invalidate('product', '1', { mode: 'soft' })),
    await errorOf(cache.bumpVersion('product')),
    await errorOf(cache.undoBump('product')),
  ];
}

function expectSilent(errors: readonly unknown[], events: readonly CacheEvent[]) {
  for (const told of [...errors, ...events]) expect(textWithin(told)).not.toContain(CANARY);
}

describe('what the engine tells holds no credential and no value', () => {
  it('finds what it looks for, wherever it hides', () => {
    const hidden = Object.assign(new Error('refused'), { command: { args: [Buffer.from(`{"name":"${CANARY}"}`)] } });
    expect(textWithin(new Error('outer', { cause: hidden }))).toContain(CANARY);
  });

  it('a connection that was written down wrong', () => {
    const wrong = [
      `redis://app:${CANARY}@localhost:99999`,
      `${CANARY}`,
      `redis://app:${CANARY}%zz@localhost`,
      { host: '', username: CANARY, password: CANARY },
      { host: 'localhost', port: 0, password: CANARY },
    ];
    const errors = wrong.map((redis) => {
      try {
        createCache({ env: 'test', service: 'shop', redis, policies: { product: { ttl: '10min' } } });
      } catch (error) {
        return error;
      }
      throw new Error('it was to be refused');
    });
    expectSilent(errors, []);
  });

  it('WRONGPASS, NOAUTH and NOPERM at the start', async () => {
    await allow();
    const errors = [await errorOf(bench.open(asUser(`not ${CANARY}`)))];
    await allow('-getex');
    errors.push(await errorOf(bench.open(asUser(CANARY))));
    await allow();
    await bench.redis.config('SET', 'requirepass', CANARY);
    try {
      errors.push(await errorOf(bench.open({ redis: bench.server.url })));
    } finally {
      await bench.redis.config('SET', 'requirepass', '');
    }
    for (const error of errors) expect(error).toMatchObject({ name: 'ConfigurationError' });
    expectSilent(errors, []);
  });

  it('a console whose password is refused', async () => {
    await allow();
    const operator = createOperator({ redis: asUser(`not ${CANARY}`).redis, deadlineMs: 300 });
    try {
      await operator.ready();
      await vi.waitFor(() => expect(operator.state()).toMatchObject({ reason: expect.stringMatching(/password/) }), soon);
      const error = await errorOf(operator.services());
      expect(error).toMatchObject({ name: 'OperatorUnavailable', cause: { message: 'ReplyError WRONGPASS' } });
      expectSilent([error, operator.state()], []);
    } finally {
      await operator.close();
    }
  });

  it.each([['-evalsha', '-eval'], ['-getex'], ['-@all']])('NOPERM while it runs: %s', async (...rules) => {
    await allow();
    const traced = await bench.open(asUser(CANARY));
    await traced.cache.set('product', '1', value);
    await allow(...rules);
    const errors = await refusalsOf(traced);
    await allow();
    expectSilent(errors, traced.events);
  });

  it('a fill of a write that Redis refuses, with the value among its arguments', async () => {
    await allow();
    const traced = await bench.open(asUser(CANARY));
    await traced.cache.set('product', '1', value);
    const write = async () => {
      await allow('-evalsha', '-eval');
      return value;
    };
    const error = await errorOf(traced.cache.set('product', '1', write));
    await allow();
    expect(error).toMatchObject({ name: 'WrittenNotInvalidated', cause: { message: 'ReplyError NOPERM' } });
    expectSilent([error], traced.events);
  });

  it('out of memory, and a password that changes while it runs', async () => {
    await allow();
    const traced = await bench.open(asUser(CANARY));
    await traced.cache.set('product', '1', value);
    await bench.redis.config('SET', 'maxmemory', '1');
    const full = [await errorOf(traced.cache.bumpVersion('product'))];
    await traced.cache.getOrSet('product', '2', () => Promise.resolve(value));
    await traced.cache.set('product', '2', value);
    await bench.redis.config('SET', 'maxmemory', '0');
    await bench.redis.acl('SETUSER', 'app', 'resetpass', '>other');
    await bench.redis.call('CLIENT', 'KILL', 'USER', 'app');
    await vi.waitFor(() => expect(countOf(traced.events, 'redis.unavailable')).toBe(1), soon);
    expectSilent([...full, ...(await refusalsOf(traced))], traced.events);
  });

  it('killed with writes under way', async () => {
    await allow();
    const traced = await bench.open(asUser(CANARY));
    await traced.cache.set('product', '1', value);
    bench.server.pause();
    const under = ['1', '2', '3'].map((id) => errorOf(traced.cache.set('product', id, value)));
    await bench.server.kill();
    try {
      expectSilent([...(await Promise.all(under)), ...(await refusalsOf(traced))], traced.events);
    } finally {
      await bench.server.restart();
    }
  });

  it('bytes that are no entry, a codec that cannot read its own, and a value that no codec carries', async () => {
    const spoilt = { id: 'spoilt', encode: (what: unknown) => Buffer.from(JSON.stringify(what)), decode: refuse };
    const policies = { product: { ttl: '10min' }, order: { ttl: '10min', codec: spoilt } } as const;
    const { cache, events } = await bench.open({ policies });
    await cache.set('product', '1', value);
    await bench.redis.set(await bench.keys.keyOf('1'), CANARY);
    expect(await cache.get('product', '1')).toBeUndefined();
    await cache.set('order', '1', value);
    expect(await cache.get('order', '1')).toBeUndefined();
    expect(countOf(events, 'entry.rejected')).toBe(2);
    const cyclic: Record<string, unknown> = { name: CANARY };
    cyclic['self'] = cyclic;
    const error = await errorOf(cache.set('product', '1', cyclic));
    await cache.getOrSet('product', '3', () => Promise.resolve(cyclic));
    await vi.waitFor(() => expect(countOf(events, 'value.unserializable')).toBe(1), soon);
    expectSilent([error], events);
  });
});

function refuse(bytes: Buffer): never {
  throw new Error(`cannot read ${bytes.toString()}`);
}
