import { describe, expect, it } from 'vitest';
import type { CacheOptions } from './cache.ts';
import { createCache } from './create-cache.ts';
import { ConfigurationError } from './errors.ts';
import { CACHE_OPTIONS, parseCacheOptions } from './parse-cache-options.ts';
import { POLICY_FIELDS } from './policy.ts';

/** The one place where a test says of anything that it is options, as plain JavaScript does. */
function unchecked(options: unknown): CacheOptions<string> {
  return options as CacheOptions<string>;
}

const product = { ttl: '1h' };
const valid = { env: 'prod', service: 'shop', redis: 'redis://127.0.0.1:1', policies: { product } };

/** The path of the error that `createCache` throws for these options; it opens nothing first. */
function refusal(options: unknown): { path: string; message: string } {
  try {
    const cache = createCache(unchecked(options));
    cache.close().catch(() => {});
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return { path: error.path.join('.'), message: error.message };
  }
  throw new Error(`accepted: ${JSON.stringify(options)}`);
}

const NOT_TEXT = [null, 1, true, [], {}, () => 'x'];
const NOT_A_NUMBER = [null, '1', true, [], {}, Number.NaN, Number.POSITIVE_INFINITY, -1];
const NOT_A_FLAG = [null, 0, 'true', [], {}];
const NOT_A_FUNCTION = [null, 1, 'x', true, [], {}];
const schema = { '~standard': { validate: (value: unknown) => ({ value }) } };
const codec = { id: 'own', encode: () => Buffer.alloc(0), decode: () => null };
const NOT_AN_OBJECT = [null, 1, 'x', true, [], () => ({})];

/** Each field of the options, with what it does not take. */
const options: [string, unknown[]][] = [
  ['env', [undefined, ...NOT_TEXT, '', 'sideboard', 'x'.repeat(201), '__proto__']],
  ['service', [undefined, ...NOT_TEXT, '', 'x'.repeat(201), '__proto__']],
  [
    'redis',
    [
      undefined,
      null,
      1,
      true,
      '',
      'x',
      'http://x',
      'redis://',
      'redis://h/x',
      'redis://h?db=1',
      'redis://h#1',
      'redis://%:p@h',
      [],
      () => 'x',
    ],
  ],
  ['redis.url', [null, 1, {}, '', 'x', 'http://x'].map((url) => ({ url }))],
  ['redis.host', [...NOT_TEXT, '', 'x'.repeat(256)].map((host) => ({ host }))],
  ['redis.port', [...NOT_A_NUMBER, 0, 1.5, 65_536].map((port) => ({ host: 'h', port }))],
  ['redis.username', [...NOT_TEXT, 'x'.repeat(1_001)].map((username) => ({ host: 'h', username }))],
  ['redis.password', [...NOT_TEXT, 'x'.repeat(10_001)].map((password) => ({ host: 'h', password }))],
  ['redis.db', [...NOT_A_NUMBER, 1.5, 1_000_001].map((db) => ({ host: 'h', db }))],
  ['redis.tls', NOT_A_FLAG.map((tls) => ({ host: 'h', tls }))],
  ['policies', [undefined, ...NOT_AN_OBJECT, new Map([['product', product]]), new Set(['product']), new Date()]],
  ['allowFaults', NOT_A_FLAG],
  ['deadlineMs', [...NOT_A_NUMBER, 0, 0.5, 60_001]],
  ['origin', NOT_AN_OBJECT],
  ['origin.concurrencyMax', [...NOT_A_NUMBER, 0, 1.5, 1_000_001].map((concurrencyMax) => ({ concurrencyMax }))],
  ['origin.queueMax', [...NOT_A_NUMBER, 1.5, 1_000_001].map((queueMax) => ({ queueMax }))],
  ['origin.colour', [{ colour: 'red' }]],
  ['readsMax', [...NOT_A_NUMBER, 0, 1.5, 10_000_001]],
  ['l1', NOT_AN_OBJECT],
  ['l1.itemsMax', [...NOT_A_NUMBER, 0, 1.5, 10_000_001].map((itemsMax) => ({ itemsMax }))],
  ['l1.bytesMax', [...NOT_A_NUMBER, 1_023, 1_024.5, 2 ** 36 + 1].map((bytesMax) => ({ bytesMax }))],
  ['l1.boundMs', [...NOT_A_NUMBER, 49, 50.5, 60_001].map((boundMs) => ({ boundMs }))],
  ['l1.colour', [{ colour: 'red' }]],
];

/** Each field of a policy, with what it does not take beside a TTL of an hour. */
const policies: [string, unknown[]][] = [
  ['class', [null, 1, '', 'weather', [], {}]],
  [
    'ttl',
    [null, true, '', 'soon', '1 week', '1h30min', '-1s', '1.5h', '91d', 0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, [], {}],
  ],
  ['jitter', [...NOT_A_NUMBER, 0.51]],
  ['staleWindow', [null, true, '', 'soon', '-1s', '91d', -1, 1.5, Number.NaN, [], {}]],
  ['loadTimeoutMs', [...NOT_A_NUMBER, 0, 1.5, 600_001]],
  ['leaseMs', [...NOT_A_NUMBER, 99, 5_000.5, 600_001]],
  ['staleIfError', [null, true, '', 'soon', '-1s', '91d', -1, 1.5, Number.NaN, [], {}]],
  ['softTimeoutMs', [...NOT_A_NUMBER, 0, 1.5, 600_001]],
  ['retriesMax', [...NOT_A_NUMBER, 1.5, 6]],
  ['earlyRefresh', [null, true, '', 'on', 0, 0.09, 1, 80, Number.NaN, [], {}]],
  ['failover', [null, true, '', 'warm', [], {}]],
  ['strategy', [null, true, '', 'write-around', [], {}]],
  ['type', [null, 1, 'Product', true, [], () => ({})]],
  ['notFoundTtl', [null, true, '', 'soon', '-1s', '91d', 0, -1, 1.5, Number.NaN, [], {}]],
  ['errorTtl', [null, true, '', 'soon', '-1s', '91d', -1, 1.5, Number.NaN, [], {}]],
  ['l1', NOT_A_FLAG],
  ['outageStale', NOT_A_FLAG],
  [
    'codec',
    [
      null,
      true,
      '',
      'protobuf',
      [],
      {},
      { ...codec, id: '' },
      { ...codec, id: 'Own' },
      { ...codec, id: 'x'.repeat(33) },
      { ...codec, encode: null },
      { ...codec, decode: 'x' },
    ],
  ],
  ['compress', NOT_A_FLAG],
  ['bytesWarn', [...NOT_A_NUMBER, 0, 1.5, (16 << 20) + 1]],
  ['bytesMax', [...NOT_A_NUMBER, 0, 1.5, (16 << 20) + 1]],
  ['project', NOT_A_FUNCTION],
  ['schema', [...NOT_A_FUNCTION, () => true, { '~standard': {} }, { '~standard': { validate: true } }]],
  ['schemaId', [...NOT_TEXT, '', 'x'.repeat(201)]],
  ['migrate', NOT_A_FUNCTION],
];

/** What is right by itself and wrong together. The field named is the one to change. */
const contradictions: [string, object][] = [
  ['ttl', {}],
  ['ttl', { staleWindow: '1h' }],
  ['ttl', { class: 'none', ttl: '1h' }],
  ['jitter', { class: 'none', jitter: 0.1 }],
  ['staleWindow', { strategy: 'none', staleWindow: '1h' }],
  ['leaseMs', { strategy: 'none', leaseMs: 5_000 }],
  ['earlyRefresh', { class: 'none', earlyRefresh: 'xfetch' }],
  ['failover', { class: 'none', failover: 'keep' }],
  ['staleIfError', { class: 'none', staleIfError: '1h' }],
  ['softTimeoutMs', { class: 'none', softTimeoutMs: 10 }],
  ['softTimeoutMs', { ttl: '1h', softTimeoutMs: 10 }],
  ['softTimeoutMs', { ttl: '1h', staleIfError: '1h', softTimeoutMs: 5_001 }],
  ['softTimeoutMs', { ttl: '1h', staleIfError: '1h', softTimeoutMs: 101, loadTimeoutMs: 100 }],
  ['staleWindow', { ttl: '60d', staleWindow: '20d', staleIfError: '11d' }],
  ['strategy', { class: 'none', strategy: 'cache-aside' }],
  ['strategy', { class: 'profile', strategy: 'none' }],
  ['leaseMs', { ttl: '1h', leaseMs: 4_999 }],
  ['leaseMs', { ttl: '1h', loadTimeoutMs: 10_000, leaseMs: 9_999 }],
  ['leaseMs', { class: 'static', loadTimeoutMs: 600_000, leaseMs: 599_999 }],
  ['staleWindow', { ttl: '60d', staleWindow: '31d' }],
  ['staleWindow', { class: 'static', staleWindow: '90d' }],
  ['ttlMs', { ttlMs: 1_000 }],
  ['notFoundTtl', { class: 'none', notFoundTtl: '1min' }],
  ['errorTtl', { class: 'none', errorTtl: '1s' }],
  ['l1', { class: 'none', l1: true }],
  ['outageStale', { class: 'none', outageStale: true }],
  ['codec', { class: 'none', codec: 'json' }],
  ['compress', { class: 'none', compress: true }],
  ['bytesWarn', { class: 'none', bytesWarn: 1 }],
  ['bytesMax', { class: 'none', bytesMax: 1 }],
  ['project', { class: 'none', project: (value: unknown) => value }],
  ['schema', { class: 'none', schema }],
  ['schemaId', { class: 'none', schemaId: '1' }],
  ['migrate', { class: 'none', migrate: (value: unknown) => value }],
  ['schemaId', { ttl: '1h', schemaId: '1' }],
  ['migrate', { ttl: '1h', migrate: (value: unknown) => value }],
  ['__proto__', JSON.parse('{"ttl":"1h","__proto__":{"jitter":0}}')],
];

const show = (value: unknown) => (typeof value === 'string' ? JSON.stringify(value.slice(0, 20)) : String(value?.toString?.() ?? value));

describe('createCache refuses, with the path of the wrong field', () => {
  it.each(options.flatMap(([field, wrong]) => wrong.map((value) => [field, show(value), value] as const)))(
    '%s: %s',
    (field, _shown, value) => {
      const [top = ''] = field.split('.');
      const refused = refusal({ ...valid, [top]: value });
      expect(refused.path).toBe(field);
      expect(refused.message).toMatch(new RegExp(`^${field}: .`));
      expect(refused.message).not.toContain('\n');
    },
  );

  it.each(policies.flatMap(([field, wrong]) => wrong.map((value) => [field, show(value), value] as const)))(
    'policies.product.%s: %s',
    (field, _shown, value) => {
      expect(refusal({ ...valid, policies: { product: { ...product, [field]: value } } }).path).toBe(`policies.product.${field}`);
    },
  );

  it('and no field of either is left out here', () => {
    const named = (table: readonly [string, unknown][]) => table.map(([field]) => field).filter((field) => !field.endsWith('colour'));
    expect(
      named(options)
        .filter((field) => !field.startsWith('redis.') && field !== 'origin')
        .sort(),
    ).toEqual([...CACHE_OPTIONS].sort());
    expect(named(policies).sort()).toEqual([...POLICY_FIELDS].sort());
    const meaningless = contradictions.flatMap(([field, policy]) =>
      Object.values(policy).includes('none') && field !== 'strategy' ? [field] : [],
    );
    // These have one: the loads of an entity that is never cached.
    const meant = ['class', 'type', 'strategy', 'loadTimeoutMs', 'retriesMax'];
    expect([...new Set(meaningless)].sort()).toEqual(POLICY_FIELDS.filter((field) => !meant.includes(field)).sort());
  });

  it.each(contradictions)('policies.product.%s of %j', (field, policy) => {
    expect(refusal({ ...valid, policies: { product: policy } }).path).toBe(`policies.product.${field}`);
  });

  it.each([undefined, ...NOT_AN_OBJECT].map((policy) => [show(policy), policy]))('a policy that is %s', (_shown, policy) => {
    expect(refusal({ ...valid, policies: { product: policy } }).path).toBe('policies.product');
  });

  it.each([undefined, ...NOT_AN_OBJECT].map((odd) => [show(odd), odd]))('options that are %s', (_shown, odd) => {
    expect(refusal(odd).path).toBe('');
  });

  it.each(['', '__proto__', 'x'.repeat(201)])('an entity of the name %j', (name) => {
    expect(refusal({ ...valid, policies: Object.fromEntries([[name, product]]) }).path).toBe(`policies.${name}`);
  });

  it.each([
    ['product', ' product'],
    ['product', 'product\t'],
    ['caf\u00e9', 'cafe\u0301'],
    ['order', '\uff4frder'],
  ])('two entities of one name: %j and %j', (one, other) => {
    const refused = refusal({ ...valid, policies: { [one]: product, [other]: product } });
    expect(refused.path).toBe(`policies.${other}`);
    expect(refused.message).toContain('two entities of one name');
  });

  it('an option or a policy field that it does not know', () => {
    expect(refusal({ ...valid, colour: 'red' }).path).toBe('colour');
    expect(refusal({ ...valid, redis: { host: 'h', colour: 'red' } }).path).toMatch(/^redis/);
    expect(refusal({ ...valid, policies: { product: { ...product, colour: 'red' } } }).path).toBe('policies.product.colour');
  });

  it('more entities than are kept', () => {
    const many = Object.fromEntries(Array.from({ length: 1_001 }, (_, n) => [`e${n}`, product]));
    expect(refusal({ ...valid, policies: many }).path).toBe('policies');
  });

  it('a password never stands in the message', () => {
    for (const redis of ['redis://user:s3cret@h/x', 'http://user:s3cret@h', 'redis://user:s3cret%@h', { host: '', password: 's3cret' }]) {
      expect(refusal({ ...valid, redis }).message).not.toContain('s3cret');
    }
  });
});

describe('createCache takes', () => {
  it.each([
    ['every field at its least', { deadlineMs: 1, readsMax: 1, allowFaults: false }],
    ['every field at its most', { deadlineMs: 60_000, readsMax: 10_000_000, allowFaults: true }],
    ['no entity', { policies: {} }],
    ['policies without a prototype', { policies: Object.assign(Object.create(null), { product }) }],
    ['an entity named like what every object has', { policies: { constructor: product, toString: product } }],
    [
      'the extremes of a policy',
      { policies: { e: { ttl: 1, jitter: 0.5, staleWindow: 0, loadTimeoutMs: 1, leaseMs: 100, earlyRefresh: 0.99 } } },
    ],
    ['the longest life', { policies: { e: { ttl: '60d', staleWindow: '30d', loadTimeoutMs: 600_000, leaseMs: 600_000 } } }],
    ['a load timeout for what is never cached', { policies: { e: { strategy: 'none', loadTimeoutMs: 10 } } }],
  ])('%s', (_name, more) => {
    expect(() => parseCacheOptions(unchecked({ ...valid, ...more }))).not.toThrow();
  });
});
