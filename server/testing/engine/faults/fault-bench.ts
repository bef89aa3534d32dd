import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { CacheOptions } from '../../../engine/cache.ts';
import type { CacheParts } from '../../../engine/engine.ts';
import type { CacheEvent } from '../../../engine/events.ts';
import { type RedisServer, startRedisServer } from '../../redis-server.ts';
import { type ProxyLink, startTcpProxy, type TcpProxy } from '../../tcp-proxy.ts';
import { type KeySpaceView, keySpaceOf } from '../key-space.ts';
import { cachesOf, type TracedCache } from '../open-caches.ts';

/** Where an outcome is late only because something is broken. */
export const soon = { timeout: 20_000, interval: 10 };

/** One Redis for a file, a wire to it for each test, and caches on either. */
export interface FaultBench {
  readonly server: RedisServer;
  /** Looks from outside, past the wire. */
  readonly redis: Redis;
  readonly proxy: TcpProxy;
  readonly keys: KeySpaceView;
  open(options?: Partial<CacheOptions<string>>, parts?: CacheParts): Promise<TracedCache>;
  openOverWire(options?: Partial<CacheOptions<string>>): Promise<TracedCache>;
  /** The connection of one role that goes over the wire: the newest, where there are several. */
  link(role: string): ProxyLink;
}

/** Registers the hooks of the file that calls it. A test that takes Redis down starts it again. */
export function faultBench(defaults: Partial<CacheOptions<string>>, args: readonly string[] = []): FaultBench {
  let server: RedisServer | null = null;
  let redis: Redis | null = null;
  let proxy: TcpProxy | null = null;
  const there = <T>(part: T | null): T => {
    if (part === null) throw new Error('asked for before its hook ran');
    return part;
  };
  const caches = cachesOf(() => there(server), defaults);
  beforeAll(async () => {
    server = await startRedisServer({ args });
    redis = server.client();
  });
  beforeEach(async () => {
    await there(redis).flushall();
    proxy = await startTcpProxy(there(server).port);
  });
  afterEach(async () => {
    await caches.closeAll();
    await there(proxy).close();
  });
  afterAll(() => there(server).stop());
  return {
    get server() {
      return there(server);
    },
    get redis() {
      return there(redis);
    },
    get proxy() {
      return there(proxy);
    },
    keys: keySpaceOf(() => there(redis)),
    open: (options, parts) => caches.open(options, parts),
    openOverWire: (options) => caches.open({ redis: `redis://127.0.0.1:${there(proxy).port}`, ...options }),
    link(role) {
      const found = there(proxy)
        .links()
        .findLast(({ head }) => head.includes(`sideboard-${role}`));
      if (found === undefined) throw new Error(`no ${role} connection`);
      return found;
    },
  };
}

export function outcomesOf(events: readonly CacheEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'read' ? [event.outcome] : []));
}

export function countOf(events: readonly CacheEvent[], type: CacheEvent['type']): number {
  return events.filter((event) => event.type === type).length;
}
