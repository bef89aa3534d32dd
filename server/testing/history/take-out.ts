import type { Redis } from 'ioredis';
import type { RemovedEvent } from './history-event.ts';
import { monotonicUs } from './monotonic-us.ts';
import type { Random } from './random.ts';

/** Each entry is taken out with this chance. */
const SHARE = 0.4;

/**
 * Takes entries out by hand, and tells the values that they held. Whatever is read later is of another fill: the workload's
 * values have names, and no value is filled twice.
 */
export async function takeOut(client: Redis, random: Random, note: (event: RemovedEvent) => void): Promise<void> {
  for (const key of await client.keys('test:history:*')) {
    const [, , , entity, id] = key.split(':');
    if (entity === undefined || id === undefined || random() >= SHARE) continue;
    const startUs = monotonicUs();
    const valueId = /"id":"([^"]+)"/.exec((await client.getdel(key)) ?? '')?.[1];
    if (valueId !== undefined) note({ kind: 'removed', key: `${entity}/${id}`, valueId, startUs, endUs: monotonicUs() });
  }
}
