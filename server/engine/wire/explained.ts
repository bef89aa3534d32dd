import * as z from 'zod';
import type { Explanation } from '../explain-key.ts';

/** What one instance answers when a console asks it to explain a key. */
export type InstanceExplanation = ({ kind: 'known' } & Explanation) | { kind: 'unknown entity' };

/** As an id may be that a console asks for. */
export const explainIdLengthMax = 16_384;

const version = z.string().max(16).nullable();
const why = z.string().max(1_000);
/** Redis ms since 1970. */
const time = z.number();

const freshness = z.discriminatedUnion('kind', [
  z.object({
    kind: z.enum(['fresh', 'stale', 'expired']),
    createdMs: time,
    freshUntilMs: time,
    expiresMs: time,
    loadCostMs: z.number(),
    marked: z.boolean(),
  }),
  z.object({ kind: z.literal('missing') }),
  z.object({ kind: z.literal('unusable'), problem: why }),
  z.object({ kind: z.literal('unknown') }),
]);

const lease = z.object({
  kind: z.enum(['load', 'write']),
  holder: z.string().max(64),
  own: z.boolean(),
  waiters: z.int().nonnegative(),
  leftMs: z.number().nonnegative(),
});

const local = z.object({
  createdMs: time,
  expiresMs: time,
  sizeBytes: z.number().nonnegative(),
  serves: z.boolean(),
  why,
});

export const instanceExplanation = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('known'),
    entity: z.string().max(200),
    id: z.string().max(explainIdLengthMax),
    tier: z.enum(['l1', 'redis', 'none']),
    version,
    previous: version,
    // Its parts are escaped: at most six characters for one.
    key: z.string().max(8_192).nullable(),
    freshness,
    lease: lease.nullable(),
    local: local.nullable(),
    next: z.object({
      does: z.enum(['serve', 'serve and perhaps refresh', 'serve and refresh', 'wait', 'load and fill', 'load without filling', 'fail']),
      why,
    }),
  }),
  z.object({ kind: z.literal('unknown entity') }),
]) satisfies z.ZodType<InstanceExplanation>;
