import type { Redis } from 'ioredis';
import type { Clock } from '../clock.ts';

/** Resolves when the connection is up, when its attempt under way has failed, or after `withinMs`. */
export function awaitReady(client: Redis, withinMs: number, clock: Clock): Promise<void> {
  if (client.status === 'ready') return Promise.resolve();
  return new Promise((resolve) => {
    const settle = (): void => {
      cancel();
      for (const event of ['ready', 'close', 'end']) client.off(event, settle);
      resolve();
    };
    const cancel = clock.after(withinMs, settle);
    for (const event of ['ready', 'close', 'end']) client.once(event, settle);
  });
}
