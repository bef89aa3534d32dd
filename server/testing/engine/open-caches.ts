import type { Cache, CacheOptions } from '../../engine/cache.ts';
import { createCacheWith } from '../../engine/create-cache.ts';
import type { CacheParts } from '../../engine/engine.ts';
import type { CacheEvent } from '../../engine/events.ts';
import type { RedisServer } from '../redis-server.ts';

export interface TracedCache {
  cache: Cache<string>;
  events: CacheEvent[];
}

/** For tests in which no deadline is meant to pass: a busy machine must not make one. */
export const patient = { deadlineMs: 2_000 };

/** Caches over one server, all closed by `closeAll`. Each is an instance of its own, as in another process. */
export function cachesOf(
  server: () => RedisServer,
  defaults: Partial<CacheOptions<string>> = {},
): {
  open(options?: Partial<CacheOptions<string>>, parts?: CacheParts): Promise<TracedCache>;
  closeAll(): Promise<void>;
} {
  const opened: Cache<string>[] = [];
  return {
    async open(options = {}, parts = {}) {
      const cache = createCacheWith<string>(
        {
          env: 'test',
          service: 'shop',
          redis: server().url,
          policies: { product: { ttl: '10min', staleWindow: '1min' } },
          ...defaults,
          ...options,
        },
        parts,
      );
      opened.push(cache);
      const events: CacheEvent[] = [];
      cache.onEvent((event) => events.push(event));
      await cache.ready();
      return { cache, events };
    },
    async closeAll() {
      await Promise.all(opened.splice(0).map((cache) => cache.close()));
    },
  };
}

/** A promise with its ends in the open. */
export interface Deferred<T> {
  promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

export function deferred<T = void>(): Deferred<T> {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

/** A loader that counts its calls and answers each when told to. */
export function countingLoader<T>(answer: (call: number) => Promise<T>): { load: () => Promise<T>; calls: () => number } {
  let calls = 0;
  return {
    load: () => {
      calls += 1;
      return answer(calls);
    },
    calls: () => calls,
  };
}
