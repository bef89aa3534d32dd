import { describe, expect, it } from 'vitest';
import { presets } from '../../server/contract/policies.ts';
import { fieldsOf, parseFields } from './policy-form.ts';

describe('the policy form', () => {
  it.each(presets)('gives the preset $class back as it was', ({ values }) => {
    expect(parseFields(fieldsOf(values))).toEqual({ ok: true, values });
  });

  it('puts each error at its field, in the words of the contract', () => {
    expect(parseFields({ ttl: '10', jitter: '60', stale: 'x' })).toMatchObject({
      ok: false,
      errors: { ttl: expect.any(String), stale: expect.any(String), jitter: 'jitter must be at most 50%' },
    });
    expect(parseFields({ ttl: '10 ms', jitter: '60', stale: '0' })).toEqual({
      ok: false,
      errors: { ttl: 'TTL must be at least 1 s', jitter: 'jitter must be at most 50%' },
    });
    expect(parseFields({ ttl: '90 d', jitter: '10', stale: '1 s' })).toEqual({
      ok: false,
      errors: { stale: 'TTL and stale window together must be at most 90 d' },
    });
  });
});
