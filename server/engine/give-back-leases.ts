import { askRedis } from './ask-redis.ts';
import type { EngineContext } from './engine-context.ts';
import { type CacheKey, leaseKey } from './keys.ts';
import { scriptCommand } from './redis/run-pipeline.ts';
import { releaseLease } from './scripts.ts';

/** In one pipeline at most. */
const BATCH_MAX = 64;

/** Gives back leases that nobody will fill under, and wakes who waits. Never rejects: one of which Redis does not hear runs out by itself. */
export async function giveBackLeases(
  context: EngineContext,
  leases: readonly { readonly key: CacheKey; readonly token: string }[],
): Promise<void> {
  const releases = leases.map(({ key, token }) => scriptCommand(releaseLease, [key, leaseKey(key)], [token, context.inboxPrefix]));
  const asked: Promise<unknown>[] = [];
  for (let at = 0; at < releases.length; at += BATCH_MAX) {
    asked.push(askRedis(context, context.lease, releases.slice(at, at + BATCH_MAX), { evenIfOpen: true }));
  }
  await Promise.all(asked);
}

/** Whether a lease may stand after this reply to the question for it: it was granted, or the connection was lost. What Redis refuses it does not grant. */
export function mayStand(reply: unknown): boolean {
  const code: unknown = Array.isArray(reply) ? reply[0] : reply;
  return code === 1 || (reply instanceof Error && reply.name !== 'ReplyError');
}
