import protobuf from 'protobufjs';
import { describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import type { Codec } from '../../engine/codec/codec.ts';
import { createCache } from '../../engine/create-cache.ts';
import { judge } from '../../engine/envelope.ts';
import { structuresKey } from '../../engine/keys.ts';
import { createOperator } from '../../engine/operator/create-operator.ts';
import { keySpaceOf } from './key-space.ts';
import { countingLoader, deferred, patient } from './open-caches.ts';
import { redisBed } from './redis-bed.ts';

const ref = { env: 'test', service: 'shop' };
const bed = redisBed(patient);
const { caches } = bed;
const { keyOf, leaseOf } = keySpaceOf(() => bed.redis);

async function entryOf(id: string) {
  const key = await keyOf(id);
  return judge((await bed.redis.getBuffer(key)) ?? Buffer.alloc(0), key, Date.now());
}
const product = (id: number) => ({ id, name: `product ${id}`, stock: { berlin: id }, attributes: [{ key: 'k', value: 1.5 }] });
const sets = async () => Object.keys(await bed.redis.hgetall(structuresKey(ref, 'product')));

describe('msgpack', () => {
  const policies = { product: { ttl: '10min', codec: 'msgpack' as const } };

  it('a set stands in Redis before an entry uses it, and another instance reads it', async () => {
    const [a, b] = [await caches.open({ policies }), await caches.open({ policies })];
    for (let id = 0; id < 20; id += 1) {
      await a.cache.set('product', `${id}`, product(id));
      const bytes = (await bed.redis.getBuffer(await keyOf(`${id}`))) ?? Buffer.alloc(0);
      const judged = await entryOf(`${id}`);
      if (judged.kind === 'problem') throw new Error(judged.problem);
      const address = bytes.toString('hex', judged.payloadOffset, judged.payloadOffset + 8);
      if (address !== '0'.repeat(16)) expect(await sets()).toContain(address);
    }
    await vi.waitFor(async () => expect((await sets()).length).toBeGreaterThan(0));
    await a.cache.set('product', '30', product(30));
    expect(await entryOf('30')).toMatchObject({ codec: 'msgpack', compressed: false });
    for (let id = 0; id < 20; id += 1) expect(await b.cache.get('product', `${id}`)).toEqual(product(id));
    expect(await b.cache.get('product', '30')).toEqual(product(30));
    expect(b.events.filter((event) => event.type === 'entry.rejected')).toEqual([]);
    expect((await bed.redis.strlen(await keyOf('30'))) < (await bed.redis.strlen(await keyOf('0')))).toBe(true);
  });

  it('who waits for a load has its entry though its set is not known here: it is neither removed nor loaded again', async () => {
    const [a, b] = [await caches.open({ policies }), await caches.open({ policies })];
    for (let id = 0; id < 5; id += 1) await a.cache.set('product', `${id}`, product(id));
    await vi.waitFor(async () => expect((await sets()).length).toBeGreaterThan(0));
    const answer = deferred<ReturnType<typeof product>>();
    const held = a.cache.getOrSet('product', 'cold', () => answer.promise);
    const lease = await leaseOf('cold');
    await vi.waitFor(async () => expect(await bed.redis.exists(lease)).toBe(1));
    const own = countingLoader(() => Promise.resolve(product(0)));
    const waiting = b.cache.getOrSet('product', 'cold', own.load);
    await vi.waitFor(async () => expect(await bed.redis.strlen(lease)).toBe(40));
    answer.resolve(product(9));
    expect(await held).toEqual(product(9));
    expect(await waiting).toEqual(product(9));
    expect(own.calls()).toBe(0);
    expect(b.events.filter((event) => event.type === 'entry.rejected')).toEqual([]);
    const bytes = (await bed.redis.getBuffer(await keyOf('cold'))) ?? Buffer.alloc(0);
    const judged = await entryOf('cold');
    if (judged.kind === 'problem') throw new Error(judged.problem);
    expect(await sets()).toContain(bytes.toString('hex', judged.payloadOffset, judged.payloadOffset + 8));
  });

  it('an instance that comes later begins with the set of the fleet', async () => {
    const a = await caches.open({ policies });
    for (let id = 0; id < 5; id += 1) await a.cache.set('product', `${id}`, product(id));
    await vi.waitFor(async () => expect((await sets()).length).toBeGreaterThan(0));
    const before = await sets();
    const b = await caches.open({ policies });
    for (let id = 0; id < 5; id += 1) await b.cache.set('product', `${id}`, product(id));
    expect(await sets()).toEqual(before);
  });

  it('an entry whose set is lost or is not what it says is a miss, counted, and loaded again', async () => {
    const a = await caches.open({ policies });
    for (let id = 0; id < 5; id += 1) await a.cache.set('product', `${id}`, product(id));
    await vi.waitFor(async () => expect((await sets()).length).toBeGreaterThan(0));
    await a.cache.set('product', '1', product(1));
    await a.cache.set('product', '2', product(2));
    for (const set of await sets()) await bed.redis.hset(structuresKey(ref, 'product'), set, '1 [["mane","di"]]');
    const b = await caches.open({ policies });
    expect(await b.cache.get('product', '1')).toBeUndefined();
    const { load, calls } = countingLoader(() => Promise.resolve(product(2)));
    expect(await b.cache.getOrSet('product', '2', load)).toEqual(product(2));
    expect(calls()).toBe(1);
    expect(b.events.flatMap((event) => (event.type === 'entry.rejected' ? [event.problem] : []))).toEqual([
      'unknown structures',
      'unknown structures',
    ]);
  });

  it('sets are bounded, and what is used stays', async () => {
    const { cache } = await caches.open({ policies });
    const key = structuresKey(ref, 'product');
    for (let n = 0; n < 64; n += 1) await bed.redis.hset(key, n.toString(16).padStart(16, '0'), `${n + 1} [["x${n}"]]`);
    for (let id = 0; id < 5; id += 1) await cache.set('product', `${id}`, product(id));
    await vi.waitFor(async () => expect(await bed.redis.hexists(key, '0'.repeat(16))).toBe(0));
    expect(await bed.redis.hlen(key)).toBe(64);
  });

  it('carries dates, maps, bytes and big integers as what they are', async () => {
    const { cache } = await caches.open({ policies });
    const value = { at: new Date(1_700_000_000_123), by: new Map([[1, { a: 1 }]]), bytes: Buffer.from([1, 2]), big: 5n };
    await cache.set('product', '1', value);
    expect(await cache.get('product', '1')).toEqual(value);
  });
});

describe('changes of form', () => {
  it('what another codec, or an older release, has written stays readable', async () => {
    const open = (policy: object) => caches.open({ policies: { product: { ttl: '10min', ...policy } } });
    const [json, msgpack, folded] = [await open({}), await open({ codec: 'msgpack' }), await open({ codec: 'msgpack', compress: true })];
    const value = { text: 'a text that repeats, '.repeat(100) };
    for (const [id, { cache }] of Object.entries({ json, msgpack, folded })) await cache.set('product', id, value);
    for (const { cache } of [json, msgpack, folded]) {
      for (const id of ['json', 'msgpack', 'folded']) expect(await cache.get('product', id)).toEqual(value);
    }
    expect(await entryOf('folded')).toMatchObject({ codec: 'msgpack', compressed: true });
    expect(await bed.redis.strlen(await keyOf('folded'))).toBeLessThan((await bed.redis.strlen(await keyOf('json'))) / 4);
  });

  it('an entry of an own codec is a miss for who lacks it', async () => {
    const own: Codec = {
      id: 'hex.v1',
      encode: (value) => Buffer.from(JSON.stringify(value)).reverse(),
      decode: (bytes) => JSON.parse(Buffer.from(bytes).reverse().toString()),
    };
    const policies = (codec: Codec) => ({ policies: { product: { ttl: '10min', codec } } });
    const a = await caches.open(policies(own));
    await a.cache.set('product', '1', { a: 1 });
    expect(await a.cache.get('product', '1')).toEqual({ a: 1 });
    const b = await caches.open(policies({ ...own, id: 'hex.v2' }));
    expect(await b.cache.get('product', '1')).toBeUndefined();
    expect(b.events.flatMap((event) => (event.type === 'entry.rejected' ? [event.problem] : []))).toEqual(['unknown codec']);
  });
});

describe('an own codec', () => {
  it('Protocol Buffers work through the port', async () => {
    const { root } = protobuf.parse('syntax = "proto3"; message Product { string id = 1; double price = 2; repeated string tags = 3; }');
    const message = root.lookupType('Product');
    const codec: Codec = {
      id: 'product.v1',
      encode: (value) => message.encode(message.fromObject(Object(value))).finish(),
      decode: (bytes) => message.toObject(message.decode(bytes), { defaults: true, arrays: true }),
    };
    const { cache } = await caches.open({ policies: { product: { ttl: '10min', codec } } });
    const value = { id: '1', price: 2.5, tags: ['a', 'b'] };
    await cache.set('product', '1', value);
    expect(await cache.get('product', '1')).toEqual(value);
    await cache.set('product', '2', () => Promise.resolve(null));
    expect(await cache.get('product', '2')).toBeNull();
    expect(await entryOf('1')).toMatchObject({ codec: 'custom' });
  });

  it('one that throws costs a miss, or refuses the set, and no more', async () => {
    const codec: Codec = {
      id: 'bad',
      encode: (value) => {
        if (value === 'refuse') throw new Error('no');
        return Buffer.from([1]);
      },
      decode: () => {
        throw new Error('no');
      },
    };
    const { cache } = await caches.open({ policies: { product: { ttl: '10min', codec } } });
    await expect(cache.set('product', '1', 'refuse')).rejects.toMatchObject({ name: 'SerializationError' });
    await cache.set('product', '1', 'v');
    expect(await cache.getOrSet('product', '1', () => Promise.resolve('loaded'))).toBe('loaded');
  });
});

describe('schemas', () => {
  const v1 = z.object({ name: z.string() });
  const v2 = z.object({ name: z.string(), price: z.number() });

  it('what does not fit is refused at set, and not kept by a load', async () => {
    const { cache, events } = await caches.open({ policies: { product: { ttl: '10min', schema: v2 } } });
    await expect(cache.set('product', '1', { name: 1 })).rejects.toThrow(/not of its schema at name/);
    expect(await cache.getOrSet('product', '1', () => Promise.resolve({ name: 'a' }))).toEqual({ name: 'a' });
    expect(events.flatMap((event) => (event.type === 'value.unserializable' ? [event.problem] : []))).toHaveLength(1);
    expect(await cache.get('product', '1')).toBeUndefined();
  });

  it('an entry of another schema is a miss, unless it can be migrated', async () => {
    const old = await caches.open({ policies: { product: { ttl: '10min', schema: v1, schemaId: '1' } } });
    await old.cache.set('product', '1', { name: 'a' });
    await old.cache.set('product', '2', { name: 'b' });
    const migrate = (value: unknown) => ({ ...Object(value), price: 0 });
    const migrating = await caches.open({ policies: { product: { ttl: '10min', schema: v2, schemaId: '2', migrate } } });
    expect(await migrating.cache.get('product', '1')).toEqual({ name: 'a', price: 0 });
    const strict = await caches.open({ policies: { product: { ttl: '10min', schema: v2, schemaId: '2' } } });
    expect(await strict.cache.getOrSet('product', '2', () => Promise.resolve({ name: 'b', price: 2 }))).toEqual({ name: 'b', price: 2 });
    expect(strict.events.flatMap((event) => (event.type === 'entry.rejected' ? [event.problem] : []))).toEqual(['not of the schema']);
  });

  it('an entry that carries the revision of the schema is not checked again', async () => {
    let checks = 0;
    const counted = z.custom<unknown>(() => {
      checks += 1;
      return true;
    });
    const { cache } = await caches.open({ policies: { product: { ttl: '10min', schema: counted, schemaId: '1' } } });
    await cache.set('product', '1', { name: 'a' });
    checks = 0;
    await cache.get('product', '1');
    expect(checks).toBe(0);
  });
});

describe('project', () => {
  it('leaves out what nobody reads, for the caller of a miss as for that of a hit', async () => {
    const project = ({ id, name }: { id: number; name: string; secret: string }) => ({ id, name });
    const { cache } = await caches.open({ policies: { product: { ttl: '10min', project } } });
    const load = () => Promise.resolve({ id: 1, name: 'a', secret: 'x' });
    expect(await cache.getOrSet('product', '1', load)).toEqual({ id: 1, name: 'a' });
    await vi.waitFor(async () => expect(await cache.get('product', '1')).toEqual({ id: 1, name: 'a' }));
    await cache.set('product', '1', { id: 2, name: 'b', secret: 'y' });
    expect(await cache.get('product', '1')).toEqual({ id: 2, name: 'b' });
  });

  it('of another type than was loaded is what every read answers, and is made once of each value', async () => {
    let calls = 0;
    interface PriceRow {
      id: number;
      price: string;
    }
    const project = ({ id, price }: PriceRow) => {
      calls += 1;
      return { id, price: Number(price) };
    };
    const cache = createCache({
      env: 'test',
      service: 'typed',
      redis: bed.server.url,
      ...patient,
      policies: { product: { ttl: '1h', project } },
    });
    await cache.ready();
    const rows = (ids: readonly string[]) => Promise.resolve(new Map(ids.map((id) => [id, { id: Number(id), price: '1.50' }])));
    const loaded = await cache.getOrSet('product', '1', () => Promise.resolve({ id: 1, price: '1.50' }));
    const { price }: { price: number } = loaded;
    expect(price).toBe(1.5);
    await vi.waitFor(async () => expect(await cache.get('product', '1')).toEqual({ id: 1, price: 1.5 }));
    const many = await cache.getMany('product', ['1', '2'], rows);
    expect([...many.values()]).toEqual([1, 2].map((id) => ({ ok: true, value: { id, price: 1.5 } })));
    expect(calls).toBe(2);
    const seen: unknown[] = [];
    await vi.waitFor(async () => expect(await cache.peek('product', '2')).toMatchObject({ kind: 'fresh' }));
    await cache.invalidate('product', '2', { mode: 'soft' });
    await cache.getOrSet('product', '2', ({ previous, notModified }) => {
      seen.push(previous?.value);
      return Promise.resolve(notModified());
    });
    await vi.waitFor(async () => expect(await cache.peek('product', '2')).toMatchObject({ kind: 'fresh', value: { id: 2, price: 1.5 } }));
    expect(seen).toEqual([{ id: 2, price: 1.5 }]);
    expect(calls).toBe(2);
    await cache.close();
  });
});

describe('a console', () => {
  it('decodes every form, says how long it is, and shows the bytes of an own codec', async () => {
    const operator = createOperator({ redis: bed.server.url });
    await operator.ready();
    const own: Codec = { id: 'own.v1', encode: () => Buffer.from('own'), decode: () => 'own' };
    const value = { text: 'a text that repeats, '.repeat(100) };
    for (const policy of [{}, { codec: 'msgpack' as const }, { codec: 'msgpack' as const, compress: true }, { compress: true }]) {
      const { cache } = await caches.open({ policies: { product: { ttl: '10min', ...policy } } });
      for (let n = 0; n < 4; n += 1) await cache.set('product', `${n}`, value);
      const found = await operator.inspect(Buffer.from(await keyOf('3')));
      expect(found?.content).toMatchObject({ kind: 'envelope', value, compressed: 'compress' in policy });
      if (found?.content.kind === 'envelope') expect(found.content.rawBytes).toBeGreaterThan(2_000);
    }
    const { cache } = await caches.open({ policies: { product: { ttl: '10min', codec: own } } });
    await cache.set('product', '1', 'v');
    const found = await operator.inspect(Buffer.from(await keyOf('1')));
    expect(found?.content).toMatchObject({ codec: 'own.v1', ownBytes: Buffer.from('\x06own.v1own') });
    await operator.close();
  });
});
