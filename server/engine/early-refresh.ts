import type { EnvelopeTimes } from './envelope.ts';
import type { Policy } from './policy.ts';

/** The natural logarithm of 2^-53, the smallest step of `Math.random`. */
const LN_MIN = -36.74;

/**
 * Whether a read of a fresh entry should have it loaded again before it is stale. `xfetch`: now - cost * ln(random) >= fresh
 * until, so the dearer the load and the nearer the end, the likelier (Vattani, Chierichetti, Lowenstein: Optimal
 * Probabilistic Cache Stampede Prevention, PVLDB 8(8), 2015; beta is 1). `share`: from that share of the TTL on.
 * `random`: from 0 to 1, asked only where chance decides; always 0 answers whether it could say yes.
 */
export function refreshesEarly(policy: Pick<Policy, 'earlyRefresh'>, times: EnvelopeTimes, nowMs: number, random: () => number): boolean {
  const { earlyRefresh } = policy;
  switch (earlyRefresh.kind) {
    case 'off':
      return false;
    case 'share':
      return nowMs >= times.createdMs + earlyRefresh.share * (times.freshUntilMs - times.createdMs);
    case 'xfetch': {
      const leftMs = times.freshUntilMs - nowMs;
      return leftMs <= -LN_MIN * times.loadCostMs && leftMs <= -Math.max(LN_MIN, Math.log(random())) * times.loadCostMs;
    }
  }
}

/** Until when a copy of the entry may be served without asking again, Redis ms: as `refreshesEarly`, with its one draw for the whole life of the copy. */
export function servedUntilMs(policy: Pick<Policy, 'earlyRefresh'>, times: EnvelopeTimes, random: number): number {
  const { earlyRefresh } = policy;
  switch (earlyRefresh.kind) {
    case 'off':
      return times.freshUntilMs;
    case 'share':
      return times.createdMs + earlyRefresh.share * (times.freshUntilMs - times.createdMs);
    case 'xfetch':
      return times.freshUntilMs + Math.max(LN_MIN, Math.log(random)) * times.loadCostMs;
  }
}
