import * as z from 'zod';
import type { CacheOptions } from './cache.ts';
import { ConfigurationError } from './errors.ts';
import { problemOfName } from './keys.ts';
import type { LocalTierOptions } from './l1/local-tier.ts';
import type { KeySpaceRef } from './operator/operator.ts';
import { configurationErrorOf, type Policy, resolvePolicy } from './policy.ts';
import { type RedisConnection, type ResolvedConnection, resolveConnection } from './redis/connection.ts';

export interface ResolvedCacheOptions {
  ref: KeySpaceRef;
  connection: ResolvedConnection;
  policies: Map<string, Policy>;
  allowFaults: boolean;
  deadlineMs: number;
  readsMax: number;
  origin: { concurrencyMax: number; queueMax: number };
  l1: LocalTierOptions | null;
}

const originBounds = z.strictObject({
  concurrencyMax: z.int().min(1).max(1_000_000).optional(),
  queueMax: z.int().min(0).max(1_000_000).optional(),
});
const localTier = z.strictObject({
  itemsMax: z.int().min(1).max(10_000_000).optional(),
  bytesMax: z
    .int()
    .min(1 << 10)
    .max(2 ** 36)
    .optional(),
  boundMs: z.int().min(50).max(60_000).optional(),
});
const options = z.strictObject({
  env: z.string(),
  service: z.string(),
  redis: z.custom<RedisConnection>((value) => typeof value === 'string' || (typeof value === 'object' && value !== null), {
    error: 'must be a url or { host, port, … }; `redisFromEnv()` makes one',
  }),
  // A Map or a Date is an object that names nothing.
  policies: z.custom<Record<string, unknown>>((value) => Object.prototype.toString.call(value) === '[object Object]', {
    error: 'must name each entity with its policy',
  }),
  allowFaults: z.boolean().optional(),
  deadlineMs: z.number().min(1).max(60_000).optional(),
  readsMax: z.int().min(1).max(10_000_000).optional(),
  origin: originBounds.optional(),
  l1: localTier.optional(),
});
/** @internal The guide to the options is held to them. */
export const CACHE_OPTIONS: readonly string[] = Object.entries({ '': options, 'origin.': originBounds, 'l1.': localTier }).flatMap(
  ([at, { shape }]) => Object.keys(shape).flatMap((name) => (name === 'origin' ? [] : [at + name])),
);

const ENTITIES_MAX = 1_000;

/** The edge: throws `ConfigurationError` with the path of the wrong field. */
export function parseCacheOptions(input: CacheOptions<string>): ResolvedCacheOptions {
  const parsed = options.safeParse(input);
  if (!parsed.success) throw configurationErrorOf(parsed.error);
  const { env, service, redis, policies, allowFaults = false, deadlineMs = 100, readsMax = 100_000, origin = {}, l1 } = parsed.data;
  refuseName('env', env, ['env']);
  refuseName('service', service, ['service']);
  const resolved = new Map<string, Policy>();
  const names = new Map<string, string>();
  for (const [entity, policy] of Object.entries(policies)) {
    refuseName('entity', entity, ['policies', entity]);
    const twin = names.get(readsAs(entity));
    if (twin !== undefined)
      throw new ConfigurationError(`is ${JSON.stringify(twin)} to any reader: two entities of one name`, ['policies', entity]);
    names.set(readsAs(entity), entity);
    resolved.set(entity, resolvePolicy(policy, ['policies', entity]));
  }
  if (resolved.size > ENTITIES_MAX)
    throw new ConfigurationError(`names ${resolved.size} entities, at most ${ENTITIES_MAX} are kept`, ['policies']);
  return {
    ref: { env, service },
    connection: resolveConnection(redis),
    policies: resolved,
    allowFaults,
    deadlineMs,
    readsMax,
    origin: { concurrencyMax: origin.concurrencyMax ?? 1_000, queueMax: origin.queueMax ?? 10_000 },
    l1: l1 === undefined ? null : { itemsMax: 10_000, bytesMax: 64 << 20, boundMs: 1_000, ...given(l1) },
  };
}

/** Without what is undefined, which would take the place of a default. */
function given(l1: { [Name in keyof LocalTierOptions]?: number | undefined }): Partial<LocalTierOptions> {
  return Object.fromEntries(Object.entries(l1).filter(([, value]) => value !== undefined));
}

/** A name as people see it: two that differ in the composition of their letters or in outer space alone are one to them, and two to Redis. */
function readsAs(name: string): string {
  return name.normalize('NFKC').trim();
}

function refuseName(part: 'env' | 'service' | 'entity', name: string, path: readonly string[]): void {
  const problem = problemOfName(part, name);
  if (problem !== null) throw new ConfigurationError(problem, path);
}
