import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refreshesEarly } from './early-refresh.ts';

const NOW_MS = 1_790_000_000_000;
const xfetch = { earlyRefresh: { kind: 'xfetch' } } as const;
/** An entry with `leftMs` to its end, whose load took `loadCostMs`. */
const entry = (leftMs: number, loadCostMs: number, ttlMs = 600_000) => ({
  createdMs: NOW_MS + leftMs - ttlMs,
  freshUntilMs: NOW_MS + leftMs,
  expiresMs: NOW_MS + leftMs + 60_000,
  loadCostMs,
});
const leftMs = fc.integer({ min: 1, max: 600_000 });
const costMs = fc.double({ min: 0.001, max: 600_000, noNaN: true });
const random = fc.double({ min: Number.EPSILON, max: 1, maxExcluded: true, noNaN: true });

describe('early refresh by xfetch', () => {
  it('says yes exactly where now - cost * ln(random) reaches the end', () => {
    fc.assert(
      fc.property(leftMs, costMs, random, (left, cost, chance) => {
        expect(refreshesEarly(xfetch, entry(left, cost), NOW_MS, () => chance)).toBe(-cost * Math.log(chance) >= left);
      }),
    );
  });

  it('so its probability is e^(-left/cost): of evenly spread chances that share says yes', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.05, max: 8, noNaN: true }), fc.integer({ min: 10, max: 100_000 }), (share, cost) => {
        const chances = 4_000;
        let yes = 0;
        for (let n = 0; n < chances; n += 1)
          if (refreshesEarly(xfetch, entry(share * cost, cost), NOW_MS, () => (n + 0.5) / chances)) yes += 1;
        expect(Math.abs(yes / chances - Math.exp(-share))).toBeLessThanOrEqual(1 / chances);
      }),
      { numRuns: 50 },
    );
  });

  it('what is dearer or nearer to its end is never less likely', () => {
    fc.assert(
      fc.property(leftMs, costMs, random, (left, cost, chance) => {
        if (!refreshesEarly(xfetch, entry(left, cost), NOW_MS, () => chance)) return;
        expect(refreshesEarly(xfetch, entry(left, cost * 2), NOW_MS, () => chance)).toBe(true);
        expect(refreshesEarly(xfetch, entry(left / 2, cost), NOW_MS, () => chance)).toBe(true);
        expect(refreshesEarly(xfetch, entry(left, cost), NOW_MS, () => chance / 2)).toBe(true);
      }),
    );
  });

  it('a load that cost nothing is never worth it, whatever chance says', () => {
    fc.assert(
      fc.property(leftMs, fc.constantFrom(0, Number.MIN_VALUE, 1e-300, 0.5, 0.999), (left, chance) => {
        expect(refreshesEarly(xfetch, entry(left, 0), NOW_MS, () => chance)).toBe(false);
      }),
    );
  });

  it('chance 0 answers whether any chance could say yes: up to 37 times the cost before the end, never earlier', () => {
    expect(refreshesEarly(xfetch, entry(36_700, 1_000), NOW_MS, () => 0)).toBe(true);
    expect(refreshesEarly(xfetch, entry(37_000, 1_000), NOW_MS, () => 0)).toBe(false);
    fc.assert(
      fc.property(leftMs, costMs, random, (left, cost, chance) => {
        if (refreshesEarly(xfetch, entry(left, cost), NOW_MS, () => chance))
          expect(refreshesEarly(xfetch, entry(left, cost), NOW_MS, () => 0)).toBe(true);
      }),
    );
  });
});

describe('early refresh by share', () => {
  it('says yes exactly from its share of the TTL on, whatever the load cost and chance says', () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 99 }), costMs, random, (percent, cost, chance) => {
        const policy = { earlyRefresh: { kind: 'share', share: percent / 100 } } as const;
        const ttlMs = 100_000;
        const leftAtShareMs = ttlMs - (ttlMs * percent) / 100;
        expect(refreshesEarly(policy, entry(leftAtShareMs + 1, cost, ttlMs), NOW_MS, () => chance)).toBe(false);
        expect(refreshesEarly(policy, entry(leftAtShareMs - 1, cost, ttlMs), NOW_MS, () => chance)).toBe(true);
      }),
    );
  });

  it('counts of the TTL that this entry got, after jitter', () => {
    const policy = { earlyRefresh: { kind: 'share', share: 0.8 } } as const;
    expect(refreshesEarly(policy, entry(20, 0, 100), NOW_MS, () => 1)).toBe(true);
    expect(refreshesEarly(policy, entry(21, 0, 100), NOW_MS, () => 1)).toBe(false);
  });
});

describe('early refresh off', () => {
  it('never says yes', () => {
    fc.assert(
      fc.property(leftMs, costMs, fc.double({ min: 0, max: 1, noNaN: true }), (left, cost, chance) => {
        expect(refreshesEarly({ earlyRefresh: { kind: 'off' } }, entry(left, cost), NOW_MS, () => chance)).toBe(false);
      }),
    );
  });
});
