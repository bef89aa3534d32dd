import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { CacheOptions } from '../../engine/cache.ts';
import { type RedisServer, startRedisServer } from '../redis-server.ts';
import { cachesOf } from './open-caches.ts';

/** What the tests of one file stand on. `server` and `redis` are there while tests and their hooks run, not before. */
export interface RedisBed {
  readonly server: RedisServer;
  /** A plain client, for looking from outside. */
  readonly redis: Redis;
  readonly caches: ReturnType<typeof cachesOf>;
}

/** A Redis of the file's own, emptied before each test. Caches over it are closed after each, once the file's own hooks have run. */
export function redisBed(defaults: Partial<CacheOptions<string>> = {}): RedisBed {
  let running: { server: RedisServer; redis: Redis } | null = null;
  const started = () => {
    if (running === null) throw new Error('the Redis of this file runs while its tests do');
    return running;
  };
  const caches = cachesOf(() => started().server, defaults);
  beforeAll(async () => {
    const server = await startRedisServer();
    running = { server, redis: server.client() };
  });
  beforeEach(async () => {
    await started().redis.flushall();
  });
  afterEach(() => caches.closeAll());
  afterAll(() => running?.server.stop());
  return {
    get server() {
      return started().server;
    },
    get redis() {
      return started().redis;
    },
    caches,
  };
}
