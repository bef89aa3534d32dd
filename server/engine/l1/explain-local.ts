import type { EngineContext } from '../engine-context.ts';
import type { EntityState } from '../entity-state.ts';
import type { Explanation } from '../explain-key.ts';
import type { LocalEntries, LocalEntry } from './local-entries.ts';
import { servesInOutage } from './local-tier.ts';
import { servesLocally } from './serves-locally.ts';

/** Adds what this process holds of the key itself; null without an L1, and where it holds nothing. */
export function explainLocal(context: EngineContext, entity: EntityState, explained: Omit<Explanation, 'local'>): Explanation {
  const { local } = entity;
  // Looked at without use: what is asked about must not outlive what is read.
  const held = local?.entries.peek(explained.id);
  if (local === null || held === undefined) return { ...explained, local: null };
  const { sizeBytes } = held;
  const { createdMs, expiresMs } = held.times;
  if (servesLocally(entity, local, held, context.clock.monotonicMs())) {
    const why = 'hears of every change within its bound';
    return {
      ...explained,
      tier: 'l1',
      local: { createdMs, expiresMs, sizeBytes, serves: true, why },
      next: { does: 'serve', why: `this process holds it, and ${why}` },
    };
  }
  const why = whyNot(context, entity, local, held);
  const kept = { ...explained, local: { createdMs, expiresMs, sizeBytes, serves: false, why } };
  if (!isOutage(explained) || !servesInOutage(entity, held, context.redisNow())) return kept;
  return {
    ...kept,
    tier: 'l1',
    next: { does: 'serve', why: `${explained.next.why}; this process serves what it holds, and calls it stale` },
  };
}

/** The read is answered without Redis. */
function isOutage({ freshness, next }: Omit<Explanation, 'local'>): boolean {
  return freshness.kind === 'unknown' && next.does === 'load without filling';
}

function whyNot(context: EngineContext, entity: EntityState, local: LocalEntries, held: LocalEntry): string {
  if (context.clock.monotonicMs() >= held.untilMs) return 'past its time here: not fresh any more, or due to be loaded again early';
  if (local.rev !== entity.highestRev) return 'a newer version was heard of';
  return 'the link that tells of changes is not proven';
}
