import * as z from 'zod/mini';
import { envName, idempotencyKey, name, serviceRef } from './service-ref.ts';

const DAY_MS = 86_400_000;
const wholeMs = (label: string) => z.int(`${label} must be a whole number of ms`);

/** The part of a policy that operators edit. The same schema checks the form and the server. */
export const policyValues = z
  .strictObject({
    /** How long an entry is fresh, before jitter. */
    ttlMs: wholeMs('TTL').check(z.gte(1_000, 'TTL must be at least 1 s'), z.lte(90 * DAY_MS, 'TTL must be at most 90 d')),
    /** The largest share of the TTL that is taken off at random: 0.2 is up to 20%. */
    jitter: z.number('jitter must be a number').check(z.gte(0, 'jitter must be at least 0%'), z.lte(0.5, 'jitter must be at most 50%')),
    /** How long past its TTL an entry may still be served while one instance refreshes it. */
    staleMs: wholeMs('stale window').check(
      z.gte(0, 'stale window must not be negative'),
      z.lte(30 * DAY_MS, 'stale window must be at most 30 d'),
    ),
  })
  .check(
    z.refine((values) => values.ttlMs + values.staleMs <= 90 * DAY_MS, {
      path: ['staleMs'],
      error: 'TTL and stale window together must be at most 90 d',
    }),
  );
export type PolicyValues = z.infer<typeof policyValues>;

export const listPoliciesInput = serviceRef;

export const savePolicyInput = z.strictObject({
  env: envName,
  service: name,
  entity: name,
  values: policyValues,
  /** The revision that the form was opened on: another one now is a conflict with the current values in `details`. 0: none yet. */
  baseRev: z.int().check(z.gte(0)),
  idempotencyKey,
});

/** The classes of the brief, each with the values that its preset button fills in. */
export const presets = [
  { class: 'static', label: 'Static reference', hint: '24 to 72 h', values: { ttlMs: DAY_MS, jitter: 0.2, staleMs: 3_600_000 } },
  { class: 'profile', label: 'Profile', hint: '5 to 15 min', values: { ttlMs: 600_000, jitter: 0.2, staleMs: 60_000 } },
  { class: 'transactional', label: 'Transactional', hint: '0 to 60 s', values: { ttlMs: 30_000, jitter: 0.1, staleMs: 0 } },
  { class: 'analytics', label: 'Analytics', hint: '30 s and a stale window', values: { ttlMs: 30_000, jitter: 0.2, staleMs: 300_000 } },
  { class: 'edge', label: 'Edge', hint: '5 min', values: { ttlMs: 300_000, jitter: 0.2, staleMs: 60_000 } },
] as const satisfies readonly { class: string; label: string; hint: string; values: PolicyValues }[];

export interface PolicyRow {
  entity: string;
  class: string;
  /** `none`: never cached; it has no TTL to edit. */
  strategy: 'cache-aside' | 'none';
  /** What the instances run now, by their own word. */
  values: PolicyValues;
  /** What the service's code asked for. */
  codeValues: PolicyValues;
  /** True if a revision of the console overrides the code. */
  overridden: boolean;
}

export interface PolicyList {
  /** The current revision of this service; 0: none yet. */
  rev: number;
  rows: PolicyRow[];
  /** How many running instances apply `rev`, of how many. */
  appliedBy: string[];
  expected: string[];
  /** Up to when the instances' own word is known, ms since 1970 by Redis; null until they were asked for once. */
  knownToMs: number | null;
}

export interface PolicyRevisionView {
  rev: number;
  atMs: number;
  by: string;
  entity: string;
  before: PolicyValues | null;
  after: PolicyValues;
}

export interface SavePolicyReceipt {
  rev: number;
  ackedBy: { instance: string; afterMs: number }[];
  pending: string[];
  auditId: string;
}

/** `details` of a CONFLICT on save. */
export interface PolicyConflict {
  rev: number;
  by: string;
  atMs: number;
  values: PolicyValues;
}
