import * as z from 'zod';

/** What a console may override of an entity's policy. Units: ms; jitter is the largest share of the TTL taken off at random. */
const policyOverride = z.object({
  ttlMs: z.int().min(1_000).max(7_776_000_000),
  jitter: z.number().min(0).max(0.5),
  staleMs: z.int().min(0).max(2_592_000_000),
});
export type PolicyOverride = z.infer<typeof policyOverride>;

/** The live copy of a service's policies, key sideboard:<env>:<service>:policies. `rev` only grows. */
export const policyDocument = z.object({
  v: z.literal(1),
  rev: z.int().positive(),
  entities: z.record(z.string(), policyOverride),
});
export type PolicyDocument = z.infer<typeof policyDocument>;
