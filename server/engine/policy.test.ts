import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCacheOptions } from './parse-cache-options.ts';
import { jitteredTtlMs, resolvePolicy } from './policy.ts';

const options = { env: 'prod', service: 'shop', redis: 'redis://127.0.0.1', policies: {} };

describe('policies', () => {
  it('a class fills in what is not said', () => {
    expect(resolvePolicy({ class: 'profile' })).toMatchObject({
      class: 'profile',
      strategy: 'cache-aside',
      ttlMs: 600_000,
      jitter: 0.2,
      staleMs: 60_000,
      loadTimeoutMs: 5_000,
      leaseMs: 5_000,
      earlyRefresh: { kind: 'xfetch' },
      failover: 'cold',
      staleIfErrorMs: 0,
      softTimeoutMs: null,
      retriesMax: 0,
    });
    expect(resolvePolicy({ class: 'profile', ttl: '5min', jitter: 0 })).toMatchObject({ ttlMs: 300_000, jitter: 0, staleMs: 60_000 });
    expect(resolvePolicy({ ttl: '24h' })).toMatchObject({ class: 'custom', ttlMs: 86_400_000, jitter: 0.2, staleMs: 0 });
    expect(resolvePolicy({ class: 'none' })).toMatchObject({ strategy: 'none', ttlMs: 0 });
    expect(resolvePolicy({ strategy: 'none' })).toMatchObject({ class: 'none', strategy: 'none' });
  });

  it.each([
    [{}, 'ttl: is needed'],
    [{ ttl: 0 }, 'ttl: must be more than 0'],
    [{ ttl: '5 parsecs' }, 'ttl: must be ms'],
    [{ ttl: -1 }, 'ttl: must be from 0'],
    [{ ttl: 1.5 }, 'ttl: must be ms'],
    [{ ttl: Number.POSITIVE_INFINITY }, 'ttl: '],
    [{ ttl: null }, 'ttl: must be ms'],
    [{ ttl: '91d' }, 'ttl: must be from 0 to 90 d'],
    [{ ttl: '80d', staleWindow: '20d' }, 'staleWindow: TTL, stale window and staleIfError'],
    [{ ttl: '1h', jitter: 0.6 }, 'jitter: '],
    [{ ttl: '1h', leaseMs: 1, loadTimeoutMs: 1 }, 'leaseMs: '],
    [{ ttl: '1h', leaseMs: 4_999 }, 'leaseMs: is shorter than the load timeout (5000 ms)'],
    [{ ttl: '1h', leaseMs: 200, loadTimeoutMs: 201 }, 'leaseMs: is shorter than the load timeout (201 ms)'],
    [{ ttl: '1h', earlyRefresh: 80 }, 'earlyRefresh: must be "xfetch", "off" or a share'],
    [{ ttl: '1h', staleIfError: '1h', softTimeoutMs: 5_001 }, 'softTimeoutMs: is over the load timeout (5000 ms)'],
    [{ ttl: '1h', softTimeoutMs: 100 }, 'softTimeoutMs: has no meaning without staleIfError'],
    [{ ttl: '1h', retriesMax: 6 }, 'retriesMax: '],
    [{ ttl: '1h', failover: 'warm' }, 'failover: '],
    [{ class: 'none', earlyRefresh: 0.8 }, 'earlyRefresh: has no meaning'],
    [{ ttl: '1h', colour: 'red' }, 'colour: is not a known option'],
    [{ class: 'weather' }, 'class: '],
    [{ class: 'none', ttl: '1h' }, 'ttl: has no meaning'],
    [{ class: 'none', strategy: 'cache-aside' }, 'strategy: contradicts'],
    [{ class: 'profile', strategy: 'none' }, 'strategy: "none" contradicts'],
    ['24h', ''],
  ])('%j is refused with the path of the wrong field', (policy, message) => {
    expect(() => resolvePolicy(policy, ['policies', 'product'])).toThrow(`policies.product${message === '' ? '' : `.${message}`}`);
  });

  it('jitter takes off between half of its share and all of it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_000, max: 90 * 86_400_000 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (ttlMs, random) => {
        const jittered = jitteredTtlMs({ ttlMs, jitter: 0.2 }, random);
        expect(jittered).toBeGreaterThanOrEqual(Math.floor(ttlMs * 0.8));
        expect(jittered).toBeLessThanOrEqual(Math.ceil(ttlMs * 0.9));
        expect(jitteredTtlMs({ ttlMs, jitter: 0 }, random)).toBe(ttlMs);
      }),
    );
  });

  it.each([
    [{ env: 'sideboard' }, 'env: must not be "sideboard"'],
    [{ env: '' }, 'env: must not be empty'],
    [{ service: 'x'.repeat(201) }, 'service: is longer'],
    [{ redis: 'http://x' }, 'redis: "http://" is not supported'],
    [{ redis: { host: '', port: 1 } }, 'redis.host: must not be empty'],
    [{ redis: { host: 'x', port: 99_999 } }, 'redis.port: '],
    [{ policies: { '': { ttl: 1 } } }, 'policies.: must not be empty'],
    [{ policies: { product: { ttl: 'x' } } }, 'policies.product.ttl: '],
    [{ deadlineMs: 0 }, 'deadlineMs: '],
  ])('options %j are refused with the path of the wrong field', (wrong, message) => {
    expect(() => parseCacheOptions({ ...options, ...wrong })).toThrow(message);
  });
});
