import { setTimeout as pause } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { RedisServer } from '../redis-server.ts';
import type { ProxyLink } from '../tcp-proxy.ts';
import { askAdmin } from './ask-admin.ts';
import type { FaultKind } from './fault-kinds.ts';
import { hasRole, hearsInvalidations, type Worker } from './fleet.ts';
import type { Random } from './random.ts';

/** The faults of the two connections by which a process keeps what it has read: the one that reads, and the one that hears of changes. */
export type LinkFaultKind = Extract<
  FaultKind,
  'cut-tracking' | 'silence-tracking' | 'hold-tracking' | 'half-open-tracking' | 'kill-by-type' | 'refuse-tracking' | 'lose-subscriptions'
>;

interface LinkFaultTargets {
  readonly redis: RedisServer;
  readonly worker: Worker | undefined;
  readonly random: Random;
}

type Meets = 'reads' | 'invalidations' | 'both';
const MEETS: readonly Meets[] = ['reads', 'invalidations', 'both'];

/** Applies it and takes it away again; resolves when that is done. */
export async function applyLinkFault(kind: LinkFaultKind, forMs: number, targets: LinkFaultTargets): Promise<void> {
  const { redis, worker, random } = targets;
  const meets = MEETS[Math.floor(random() * MEETS.length)] ?? 'both';
  const links = (worker?.proxy.links() ?? []).filter((link) => isMet(link, meets));
  switch (kind) {
    case 'cut-tracking':
      for (const link of links) link.reset();
      return;
    case 'silence-tracking':
      for (const link of links) link.blackHole();
      await pause(forMs);
      for (const link of links) link.reset();
      return;
    case 'hold-tracking': {
      const releases = links.map((link) => link.hold('toClient'));
      await pause(forMs);
      for (const release of releases) release();
      return;
    }
    case 'half-open-tracking': {
      // Of other processes too, who hear of it; of the one whose links are held nothing comes through, not even an end.
      const releases = links.map((link) => link.hold('toClient'));
      await askAdmin(redis, (client) => killTracking(client, meets));
      await pause(forMs);
      for (const release of releases) release();
      return;
    }
    case 'kill-by-type':
      return askAdmin(redis, async (client) => {
        await client.call('CLIENT', 'KILL', 'TYPE', random() < 0.5 ? 'pubsub' : 'normal');
      });
    case 'refuse-tracking':
      return askAdmin(redis, async (client) => {
        await client.call('ACL', 'SETUSER', 'default', '-client|tracking');
        await killTracking(client, meets);
        await pause(forMs);
        await client.call('ACL', 'SETUSER', 'default', '+client|tracking');
      });
    case 'lose-subscriptions':
      return askAdmin(redis, async (client) => {
        // Redis ends those who hold what is not allowed any more.
        await client.call('ACL', 'SETUSER', 'default', 'resetchannels', '&sideboard:*');
        await pause(forMs);
        await client.call('ACL', 'SETUSER', 'default', 'allchannels');
      });
  }
}

function isMet(link: ProxyLink, meets: Meets): boolean {
  return (meets !== 'invalidations' && hasRole(link, 'read')) || (meets !== 'reads' && hearsInvalidations(link));
}

/** CLIENT KILL, one by one: those that are tracked, and those to whom changes are told. */
async function killTracking(client: Redis, meets: Meets): Promise<void> {
  for (const line of String(await client.client('LIST')).split('\n')) {
    const [, id] = /^id=(\d+) /.exec(line) ?? [];
    const reads = / flags=[^ ]*t/.test(line);
    // The one for invalidations holds one subscription, that of the fleet's messages holds more.
    const hears = / name=sideboard-subscriber /.test(line) && / sub=1 /.test(line);
    if (id === undefined || !((meets !== 'invalidations' && reads) || (meets !== 'reads' && hears))) continue;
    await client.client('KILL', 'ID', id).catch(() => {
      // Gone meanwhile.
    });
  }
}
