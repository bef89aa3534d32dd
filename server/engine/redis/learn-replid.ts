import type { Redis } from 'ioredis';

/**
 * Rule 12: the first command on each connection. Null where the server keeps the answer to itself (some managed services);
 * restarts are outside the promise there. Rejects when there is no answer at all.
 */
export async function learnReplid(client: Redis): Promise<string | null> {
  try {
    return /^master_replid:([0-9a-f]{40})\r?$/m.exec(await client.info('replication'))?.[1] ?? null;
  } catch (error) {
    if (error instanceof Error && /^(NOPERM|ERR)/.test(error.message)) return null;
    throw error;
  }
}
