import { describe, expect, it } from 'vitest';
import { describeFault } from './describe-fault.ts';
import { hrefs } from './hrefs.ts';
import { findInput, invalidateInput } from './keys.ts';
import { experimentInput, faultSpec } from './lab.ts';
import { may } from './permissions.ts';
import { policyValues, presets } from './policies.ts';
import { serviceRef } from './service-ref.ts';

const issue = (result: { success: boolean; error?: { issues: { path: PropertyKey[]; message: string }[] } | undefined }) =>
  result.error?.issues[0];

describe('an entry that is looked up', () => {
  it('has an id of 16,384 characters at most, whatever they are', () => {
    const entity = { env: 'demo', service: 'shop', entity: 'product' };
    for (const letter of ['x', '/', '\u20ac']) {
      expect(findInput.safeParse({ ...entity, id: letter.repeat(16_384) }).success).toBe(true);
      expect(issue(findInput.safeParse({ ...entity, id: letter.repeat(16_385) }))).toMatchObject({
        path: ['id'],
        message: 'is longer than 16,384 characters',
      });
    }
    expect(issue(findInput.safeParse({ ...entity, id: '' }))).toMatchObject({ path: ['id'], message: 'must not be empty' });
  });
});

describe('an entry that is to be invalidated', () => {
  const entry = { env: 'demo', service: 'shop', entity: 'product', idempotencyKey: '3f0e6d0a-8f5c-4f9e-9a39-2d1f1ce7a001' };

  it('goes hard or soft, and no other way', () => {
    for (const mode of [undefined, 'hard', 'soft']) expect(invalidateInput.safeParse({ ...entry, id: '42', mode }).success).toBe(true);
    expect(issue(invalidateInput.safeParse({ ...entry, id: '42', mode: 'gently' }))).toMatchObject({ path: ['mode'] });
  });
});

describe('what the browser may send', () => {
  const experiment = { env: 'demo', service: 'shop', fault: { kind: 'refuse' }, seconds: 10, reason: 'drill' };

  it.each<[string, Record<string, unknown>, PropertyKey[]]>([
    ['without an end', { seconds: undefined }, ['seconds']],
    ['of 0 seconds', { seconds: 0 }, ['seconds']],
    ['of more than 15 minutes', { seconds: 901 }, ['seconds']],
    ['of half a second', { seconds: 1.5 }, ['seconds']],
    ['of NaN seconds', { seconds: Number.NaN }, ['seconds']],
    ['of endless seconds', { seconds: Number.POSITIVE_INFINITY }, ['seconds']],
    ['of seconds as text', { seconds: '10' }, ['seconds']],
    ['without a reason', { reason: '  ' }, ['reason']],
    ['for no instance', { instancesPercent: 0 }, ['instancesPercent']],
    ['for more than all instances', { instancesPercent: 101 }, ['instancesPercent']],
    ['with a field of its own', { host: 'elsewhere' }, []],
    ['of an unknown kind', { fault: { kind: 'earthquake' } }, ['fault', 'kind']],
    ['of no kind', { fault: {} }, ['fault', 'kind']],
    ['of a probability over 1', { fault: { kind: 'refuse', probability: 1.5 } }, ['fault', 'probability']],
    ['of probability 0', { fault: { kind: 'refuse', probability: 0 } }, ['fault', 'probability']],
    ['for an unknown role', { fault: { kind: 'refuse', roles: ['control'] } }, ['fault', 'roles', 0]],
    ['for no role', { fault: { kind: 'refuse', roles: [] } }, ['fault', 'roles']],
    ['of an unknown direction', { fault: { kind: 'black-hole', direction: 'up' } }, ['fault', 'direction']],
    ['of no latency', { fault: { kind: 'latency' } }, ['fault', 'latencyMs']],
    ['of 10^9 ms', { fault: { kind: 'latency', latencyMs: 1e9 } }, ['fault', 'latencyMs']],
    ['of negative jitter', { fault: { kind: 'slow-origin', latencyMs: 1, jitterMs: -1 } }, ['fault', 'jitterMs']],
    ['of no bandwidth at all', { fault: { kind: 'bandwidth', bytesPerSecond: 0 } }, ['fault', 'bytesPerSecond']],
    ['of an unknown error', { fault: { kind: 'error-reply', error: 'EARTHQUAKE' } }, ['fault', 'error']],
    ['of errors for a subscriber', { fault: { kind: 'error-reply', error: 'OOM', roles: ['subscriber'] } }, ['fault', 'roles', 0]],
    ['of a fault with a field of its own', { fault: { kind: 'refuse', entity: 'product' } }, ['fault']],
  ])('an experiment %s is refused at its field', (_, part, path) => {
    expect(issue(experimentInput.safeParse({ ...experiment, ...part }))?.path).toEqual(path);
  });

  it('what an experiment leaves out has its default, and every fault says in a line what it does', () => {
    expect(experimentInput.parse(experiment)).toEqual({
      ...experiment,
      instancesPercent: 100,
      fault: { kind: 'refuse', roles: ['read', 'write', 'lease', 'subscriber'], probability: 1 },
    });
    const lines = [
      { kind: 'black-hole', direction: 'to-redis', roles: ['read'] },
      { kind: 'latency', latencyMs: 100, jitterMs: 50, probability: 0.25 },
      { kind: 'error-reply', error: 'OOM' },
      { kind: 'forced-miss', probability: 0.001 },
    ].map((fault) => describeFault(faultSpec.parse(fault)));
    expect(lines).toEqual([
      'Redis hung (read only)',
      'Redis slower by 100 ms to 150 ms for 25% of chunks',
      'Redis answers OOM',
      'Cold cache: reads miss for 0.1% of reads',
    ]);
  });

  it.each([
    [{ ttlMs: 0, jitter: 0.1, staleMs: 0 }, 'ttlMs'],
    [{ ttlMs: 1e308, jitter: 0.1, staleMs: 0 }, 'ttlMs'],
    [{ ttlMs: 5_000, jitter: 1.1, staleMs: 0 }, 'jitter'],
    [{ ttlMs: 5_000, jitter: 0.1, staleMs: -1 }, 'staleMs'],
    [{ ttlMs: 90 * 86_400_000, jitter: 0.1, staleMs: 1_000 }, 'staleMs'],
  ])('policy %j is refused at %s', (values, field) => expect(issue(policyValues.safeParse(values))?.path).toEqual([field]));

  it('unknown fields are refused', () => {
    expect(serviceRef.safeParse({ env: 'demo', service: 'shop', host: 'elsewhere' }).success).toBe(false);
  });

  it('each preset is a legal policy', () => {
    for (const preset of presets) expect(policyValues.safeParse(preset.values).success, preset.class).toBe(true);
  });
});

describe('who may do what', () => {
  it('a viewer reads and changes nothing', () => {
    expect(may('viewer', 'console.read')).toBe(true);
    expect(may('viewer', 'keys.invalidate')).toBe(false);
    expect(may('viewer', 'lab.stop')).toBe(false);
  });
  it('an operator may do what the console is for', () => {
    expect(may('operator', 'lab.start')).toBe(true);
    expect(may('admin', 'policies.save')).toBe(true);
  });
});

describe('addresses', () => {
  it('carry hostile names whole', () => {
    const address = hrefs.keys({ env: 'demo', service: 'a&b=c', id: '../?#:{}' });
    const query = new URL(address, 'http://x').searchParams;
    expect([query.get('service'), query.get('id')]).toEqual(['a&b=c', '../?#:{}']);
  });
});
