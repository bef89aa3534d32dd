import * as z from 'zod';
import { type Codec, PAYLOAD_BYTES_MAX } from './codec/codec.ts';
import type { EntryForm } from './codec/entry-codec.ts';
import type { StandardSchema } from './codec/standard-schema.ts';
import type { TypeMark } from './entity-types.ts';
import { ConfigurationError } from './errors.ts';

const DAY_MS = 86_400_000;
const TTL_MAX_MS = 90 * DAY_MS;
const UNITS_MS = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000, d: DAY_MS } as const;

/** The classes of data that the presets know, with what each stands for. Units: ms. */
const PRESETS = {
  static: { ttlMs: DAY_MS, jitter: 0.2, staleMs: 3_600_000 },
  profile: { ttlMs: 600_000, jitter: 0.2, staleMs: 60_000 },
  transactional: { ttlMs: 30_000, jitter: 0.1, staleMs: 0 },
  analytics: { ttlMs: 30_000, jitter: 0.2, staleMs: 300_000 },
  edge: { ttlMs: 300_000, jitter: 0.2, staleMs: 60_000 },
} as const;

const LOAD_TIMEOUT_MS = 5_000;
/** A row that appears is seen after this at the latest, should nobody tell of it. */
const NOT_FOUND_MS_MAX = 60_000;
const BYTES_WARN = 1 << 20;
const LOAD_MS_MAX = 600_000;
/** A lease is renewed at a third of its length: that must leave room for a round trip. */
const LEASE_MS_MIN = 100;

const UNPARSABLE = 'must be ms as a whole number, or text as "90s", "15min", "24h"';
const duration = z.union([z.number(), z.string()], { error: UNPARSABLE }).transform((value, context) => {
  const ms = typeof value === 'number' ? value : parseDuration(value);
  if (ms !== null && Number.isSafeInteger(ms) && ms >= 0 && ms <= TTL_MAX_MS) return ms;
  context.addIssue({ code: 'custom', message: ms === null || !Number.isInteger(ms) ? UNPARSABLE : 'must be from 0 to 90 d' });
  return z.NEVER;
});

const isTypeMark = (value: unknown): boolean => Object.prototype.toString.call(value) === '[object Object]';
const isFunction = (value: unknown): boolean => typeof value === 'function';
const codec = z.union([
  z.enum(['json', 'msgpack']),
  z.custom<Codec>(
    (value) => {
      const { id, encode, decode } = Object(value);
      return typeof id === 'string' && /^[a-z0-9._-]{1,32}$/.test(id) && isFunction(encode) && isFunction(decode);
    },
    { error: 'must be "json", "msgpack" or { id, encode, decode } with an id of 1 to 32 of a-z 0-9 . _ -' },
  ),
]);

/** What has no meaning for an entity that is never cached. */
const UNCACHED_FIELDS = [
  'ttl',
  'jitter',
  'staleWindow',
  'leaseMs',
  'earlyRefresh',
  'failover',
  'staleIfError',
  'softTimeoutMs',
  'notFoundTtl',
  'errorTtl',
  'l1',
  'outageStale',
  'codec',
  'compress',
  'bytesWarn',
  'bytesMax',
  'project',
  'schema',
  'schemaId',
  'migrate',
] as const;

/** The policy of one entity as its service's code writes it. Durations: ms, or text as '24h'. */
const policyInput = z
  .strictObject({
    /** The TypeScript types of its values and ids: `typed<Product>()`. */
    type: z.custom<TypeMark<unknown, string>>(isTypeMark, { error: 'must be what typed() returns' }).optional(),
    /** Fills in what is not given; `none` is never cached. */
    class: z.enum(['static', 'profile', 'transactional', 'analytics', 'edge', 'none']).optional(),
    /** How long an entry is fresh, before jitter. */
    ttl: duration.optional(),
    /** The largest share of the TTL taken off at random: 0.2 takes off 10 to 20%. */
    jitter: z.number().min(0).max(0.5).optional(),
    /** How long past its TTL an entry may be served while one instance refreshes it. */
    staleWindow: duration.optional(),
    /** A loader that has not settled by then fails with `LoadTimeout`. Default 5,000. */
    loadTimeoutMs: z.int().min(1).max(LOAD_MS_MAX).optional(),
    /** How long the fleet waits for an instance that died while it loaded. A live one renews. Default, and at least, the load timeout. */
    leaseMs: z.int().min(LEASE_MS_MIN).max(LOAD_MS_MAX).optional(),
    /** How long past its stale window an entry may still be served where its load fails or is late. Default 0. */
    staleIfError: duration.optional(),
    /** A caller for whom `staleIfError` holds an entry waits no longer for a load; the load goes on. */
    softTimeoutMs: z.int().min(1).max(LOAD_MS_MAX).optional(),
    /** A loader that fails is called again so often, within its timeout and a tenth of all loads of the process. Default 0. */
    retriesMax: z.int().min(0).max(5).optional(),
    /** When a fresh entry is loaded again ahead of time, by one instance: by the cost of its load (`xfetch`, the default), from a share of its TTL on (0.8), or never. */
    earlyRefresh: z
      .custom<'xfetch' | 'off' | number>(isEarlyRefresh, { error: 'must be "xfetch", "off" or a share of the TTL from 0.1 to 0.99' })
      .optional(),
    /** After a restart or a failover of Redis what it kept may have missed an invalidation: `cold` (the default) reads none of it, `keep` does. */
    failover: z.enum(['cold', 'keep']).optional(),
    strategy: z.enum(['cache-aside', 'none']).optional(),
    /** How long "not found" (`null`) is kept, with no stale window. Default the TTL, at most 1 min. */
    notFoundTtl: duration.optional(),
    /** How long the error of a load is given again, in this process, to whoever asks for the key; doubled with each failure in a row, up to 32 times. Default 0: never. */
    errorTtl: duration.optional(),
    /** Whether this entity is kept in the process too, where the cache has an `l1`. Default true. */
    l1: z.boolean().optional(),
    /** Whether what the process holds may be served, as stale, while Redis cannot be asked. Default false. */
    outageStale: z.boolean().optional(),
    /** How values are written: `json` (the default), `msgpack`, or the service's own. Old entries stay readable. */
    codec: codec.optional(),
    /** Deflates payloads of 1 KB and more: less memory and network for about 10 us a read. Default false. */
    compress: z.boolean().optional(),
    /** A value that takes more, as it is stored, is kept and told of (`value.large`). Default 1 MiB. */
    bytesWarn: z.int().min(1).max(PAYLOAD_BYTES_MAX).optional(),
    /** A value that takes more is not kept; `set` refuses it. Default, and at most, 16 MiB. */
    bytesMax: z.int().min(1).max(PAYLOAD_BYTES_MAX).optional(),
    /** Leaves out of a loaded value what nobody reads. Its callers get what it returns, from the origin as from the cache. */
    project: z.custom<(value: never) => unknown>(isFunction, { error: 'must be a function' }).optional(),
    /** Checks what is stored, and what is read that this revision of it has not checked. Any Standard Schema: zod, valibot, arktype. */
    schema: z
      .custom<StandardSchema>((value) => isFunction(Object(Object(value)['~standard'])['validate']), {
        error: 'must be a Standard Schema (zod, valibot, arktype, …)',
      })
      .optional(),
    /** Names the revision of `schema`: entries that carry it are not checked again. Without it each read checks. */
    schemaId: z.string().min(1).max(200).optional(),
    /** Makes a value of an older schema one of today; without it, or where the result does not fit either, the entry is a miss. */
    migrate: z.custom<(value: unknown) => unknown>(isFunction, { error: 'must be a function' }).optional(),
  })
  .superRefine((policy, context) => {
    const refuse = (path: keyof typeof policy, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    const uncached = policy.class === 'none' || policy.strategy === 'none';
    if (policy.class === 'none' && policy.strategy === 'cache-aside') refuse('strategy', 'contradicts class "none"');
    if (policy.strategy === 'none' && policy.class !== undefined && policy.class !== 'none') {
      refuse('strategy', `"none" contradicts class "${policy.class}"`);
    }
    if (uncached) {
      for (const field of UNCACHED_FIELDS) {
        if (policy[field] !== undefined) refuse(field, 'has no meaning for an entity that is never cached');
      }
      return;
    }
    for (const field of ['schemaId', 'migrate'] as const) {
      if (policy[field] !== undefined && policy.schema === undefined) refuse(field, 'has no meaning without a schema');
    }
    if (policy.class === undefined && policy.ttl === undefined) refuse('ttl', 'is needed where no class is given');
    if (policy.notFoundTtl === 0) refuse('notFoundTtl', 'must be more than 0');
    if (policy.ttl === 0) refuse('ttl', 'must be more than 0; for an entity that is never cached say strategy "none"');
    const { loadTimeoutMs = LOAD_TIMEOUT_MS, leaseMs, softTimeoutMs, staleIfError = 0 } = policy;
    if (softTimeoutMs !== undefined && softTimeoutMs > loadTimeoutMs)
      refuse('softTimeoutMs', `is over the load timeout (${loadTimeoutMs} ms)`);
    if (softTimeoutMs !== undefined && staleIfError === 0)
      refuse('softTimeoutMs', 'has no meaning without staleIfError: nothing could be served instead');
    if (leaseMs !== undefined && leaseMs < loadTimeoutMs) {
      refuse('leaseMs', `is shorter than the load timeout (${loadTimeoutMs} ms): a holder that stalls would lose it to a second load`);
    }
    const preset = policy.class === undefined || policy.class === 'none' ? null : PRESETS[policy.class];
    if ((policy.ttl ?? preset?.ttlMs ?? 0) + (policy.staleWindow ?? preset?.staleMs ?? 0) + staleIfError > TTL_MAX_MS) {
      refuse('staleWindow', 'TTL, stale window and staleIfError together must be at most 90 d');
    }
  });
export type PolicyInput = z.input<typeof policyInput>;
/** @internal The guide to the options is held to them. */
export const POLICY_FIELDS: readonly string[] = Object.keys(policyInput.shape);

/** A policy with every value known. Units: ms; jitter is a share. */
export interface Policy {
  readonly class: string;
  readonly strategy: 'cache-aside' | 'none';
  readonly ttlMs: number;
  readonly jitter: number;
  readonly staleMs: number;
  readonly loadTimeoutMs: number;
  readonly leaseMs: number;
  readonly earlyRefresh: { readonly kind: 'xfetch' | 'off' } | { readonly kind: 'share'; readonly share: number };
  readonly failover: 'cold' | 'keep';
  readonly staleIfErrorMs: number;
  readonly softTimeoutMs: number | null;
  readonly retriesMax: number;
  readonly notFoundTtlMs: number;
  readonly errorTtlMs: number;
  readonly l1: boolean;
  readonly outageStale: boolean;
  readonly bytesWarn: number;
  readonly form: EntryForm;
  readonly project: ((value: unknown) => unknown) | null;
}

/** Throws `ConfigurationError` with the path of the wrong field. */
export function resolvePolicy(input: unknown, path: readonly (string | number)[] = []): Policy {
  const parsed = policyInput.safeParse(input);
  if (!parsed.success) throw configurationErrorOf(parsed.error, path);
  return resolveParsed(parsed.data);
}

function resolveParsed(policy: z.output<typeof policyInput>): Policy {
  const { loadTimeoutMs = LOAD_TIMEOUT_MS, earlyRefresh = 'xfetch', failover = 'cold', retriesMax = 0 } = policy;
  // A load timeout may be shorter than any sensible lease.
  const leaseMs = policy.leaseMs ?? Math.max(LEASE_MS_MIN, loadTimeoutMs);
  if (policy.class === 'none' || policy.strategy === 'none') {
    return {
      class: 'none',
      strategy: 'none',
      ttlMs: 0,
      jitter: 0,
      staleMs: 0,
      loadTimeoutMs,
      leaseMs,
      earlyRefresh: { kind: 'off' },
      failover,
      staleIfErrorMs: 0,
      softTimeoutMs: null,
      retriesMax,
      notFoundTtlMs: 0,
      errorTtlMs: 0,
      l1: false,
      outageStale: false,
      bytesWarn: BYTES_WARN,
      form: formOf(policy),
      project: null,
    };
  }
  const preset = policy.class === undefined ? { ttlMs: 0, jitter: 0.2, staleMs: 0 } : PRESETS[policy.class];
  return {
    class: policy.class ?? 'custom',
    strategy: 'cache-aside',
    ttlMs: policy.ttl ?? preset.ttlMs,
    jitter: policy.jitter ?? preset.jitter,
    staleMs: policy.staleWindow ?? preset.staleMs,
    loadTimeoutMs,
    leaseMs,
    earlyRefresh: typeof earlyRefresh === 'number' ? { kind: 'share', share: earlyRefresh } : { kind: earlyRefresh },
    failover,
    staleIfErrorMs: policy.staleIfError ?? 0,
    softTimeoutMs: policy.softTimeoutMs ?? null,
    retriesMax,
    notFoundTtlMs: policy.notFoundTtl ?? Math.min(NOT_FOUND_MS_MAX, policy.ttl ?? preset.ttlMs),
    errorTtlMs: policy.errorTtl ?? 0,
    l1: policy.l1 ?? true,
    outageStale: policy.outageStale ?? false,
    bytesWarn: policy.bytesWarn ?? BYTES_WARN,
    form: formOf(policy),
    project: policy.project === undefined ? null : takesLoaded(policy.project),
  };
}

function formOf(policy: z.output<typeof policyInput>): EntryForm {
  const { codec = 'json', compress = false, bytesMax = PAYLOAD_BYTES_MAX, schema = null, schemaId = null, migrate = null } = policy;
  return { codec, compress, bytesMax, schema, schemaId, migrate };
}

/** It is given what this entity's loaders return: their types meet where the policies are written. */
function takesLoaded(project: (value: never) => unknown): (value: unknown) => unknown {
  return project as (value: unknown) => unknown;
}

/** The first problem of a refused input, as one line with its path. */
export function configurationErrorOf(error: z.ZodError, path: readonly (string | number)[] = []): ConfigurationError {
  const issue = error.issues[0];
  const at = (issue?.path ?? []).map((part) => (typeof part === 'symbol' ? String(part) : part));
  if (issue?.code === 'unrecognized_keys') return new ConfigurationError('is not a known option', [...path, ...at, issue.keys[0] ?? '']);
  return new ConfigurationError(issue?.message ?? 'is not valid', [...path, ...at]);
}

/** How long an entry is fresh: between `jitter / 2` and `jitter` of the TTL is taken off, so that what was filled together does not expire together. */
export function jitteredTtlMs(policy: Pick<Policy, 'ttlMs' | 'jitter'>, random: number): number {
  return Math.max(1, Math.round(policy.ttlMs * (1 - policy.jitter * (0.5 + 0.5 * random))));
}

/** A TTL as a loader states it. Throws `ConfigurationError`. */
export function parseTtl(ttl: number | string): number {
  const parsed = duration.safeParse(ttl);
  if (!parsed.success) throw configurationErrorOf(parsed.error, ['setTtl']);
  if (parsed.data === 0) throw new ConfigurationError('must be more than 0; `skipCache` keeps a value out', ['setTtl']);
  return parsed.data;
}

function isEarlyRefresh(value: unknown): boolean {
  return value === 'xfetch' || value === 'off' || (typeof value === 'number' && value >= 0.1 && value <= 0.99);
}

function parseDuration(text: string): number | null {
  const match = /^(\d{1,12})\s*(ms|s|min|h|d)$/.exec(text.trim());
  if (match === null) return null;
  const [, amount = '', unit = ''] = match;
  return Number(amount) * (new Map<string, number>(Object.entries(UNITS_MS)).get(unit) ?? Number.NaN);
}
