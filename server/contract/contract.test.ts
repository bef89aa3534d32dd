import { describe, expect, it } from 'vitest';
import { hrefs } from './hrefs.ts';
import { experimentInput } from './lab.ts';
import { may } from './permissions.ts';
import { policyValues, presets } from './policies.ts';
import { serviceRef } from './service-ref.ts';

const issue = (result: { success: boolean; error?: { issues: { path: PropertyKey[]; message: string }[] } | undefined }) =>
  result.error?.issues[0];

describe('what the browser may send', () => {
  it('an experiment without an end is refused', () => {
    const result = experimentInput.safeParse({ kind: 'down', env: 'demo', service: 'shop', reason: 'drill' });
    expect(issue(result)?.path).toEqual(['seconds']);
  });

  it.each([0, -1, 901, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '10'])('an experiment of %s seconds is refused', (seconds) => {
    expect(experimentInput.safeParse({ kind: 'down', env: 'demo', service: 'shop', reason: 'drill', seconds }).success).toBe(false);
  });

  it.each([0, 10_001, 1e9])('a latency of %d ms is refused', (latencyMs) => {
    const result = experimentInput.safeParse({ kind: 'slow', env: 'demo', service: 'shop', reason: 'drill', seconds: 10, latencyMs });
    expect(issue(result)?.path).toEqual(['latencyMs']);
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
