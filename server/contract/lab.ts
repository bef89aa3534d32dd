import * as z from 'zod/mini';
import { envName, idempotencyKey, name } from './service-ref.ts';

const whole = (what: string, min: number, max: number) =>
  z
    .int(`must be a whole number${what}`)
    .check(
      z.gte(min, `must be at least ${min.toLocaleString('en')}${what}`),
      z.lte(max, `must be at most ${max.toLocaleString('en')}${what}`),
    );
const seconds = z
  .int('must be a whole number of seconds')
  .check(z.gte(1, 'must be at least 1 s'), z.lte(900, 'must be at most 900 s (15 min)'));
const reason = z.string().check(z.trim(), z.minLength(3, 'say in a few words why'), z.maxLength(200, 'is longer than 200 characters'));

export const FAULT_ROLES = ['read', 'write', 'lease', 'subscriber'] as const;
export const DATA_ROLES = ['read', 'write', 'lease'] as const;
export const DIRECTIONS = ['from-redis', 'to-redis', 'both'] as const;
export const ERROR_REPLIES = ['READONLY', 'OOM', 'LOADING', 'CLUSTERDOWN', 'BUSY'] as const;

const shareMessage = 'must be over 0 and at most 1';
/** Of connections, chunks, replies, commands, reads or loads, as the kind says. */
const probability = z._default(z.number(shareMessage).check(z.gt(0, shareMessage), z.lte(1, shareMessage)), 1);
const rolesOf = <const Roles extends readonly string[]>(all: Roles) =>
  z._default(
    z.array(z.enum(all, `must be one of ${all.join(', ')}`)).check(z.minLength(1, 'choose at least one'), z.maxLength(all.length)),
    [...all],
  );
const socket = { roles: rolesOf(FAULT_ROLES), probability };
const direction = (first: (typeof DIRECTIONS)[number]) => z._default(z.enum(DIRECTIONS, `must be one of ${DIRECTIONS.join(', ')}`), first);
const latency = { latencyMs: whole(' ms', 1, 10_000), jitterMs: z._default(whole(' ms', 0, 10_000), 0) };

/** What is simulated, and how often it strikes. The engine judges an order by the same bounds. */
export const faultSpec = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({ kind: z.literal('refuse'), ...socket }),
    z.strictObject({ kind: z.literal('black-hole'), direction: direction('both'), ...socket }),
    z.strictObject({ kind: z.literal('latency'), direction: direction('from-redis'), ...latency, ...socket }),
    z.strictObject({
      kind: z.literal('bandwidth'),
      direction: direction('from-redis'),
      bytesPerSecond: whole(' B/s', 128, 1_000_000_000),
      ...socket,
    }),
    z.strictObject({ kind: z.literal('reset'), ...socket }),
    z.strictObject({
      kind: z.literal('error-reply'),
      error: z.enum(ERROR_REPLIES, `must be one of ${ERROR_REPLIES.join(', ')}`),
      roles: rolesOf(DATA_ROLES),
      probability,
    }),
    z.strictObject({ kind: z.literal('forced-miss'), probability }),
    z.strictObject({ kind: z.literal('corrupt-payload'), probability }),
    z.strictObject({ kind: z.literal('slow-origin'), ...latency, probability }),
    z.strictObject({ kind: z.literal('failing-origin'), probability }),
    z.strictObject({ kind: z.literal('l1-off'), probability }),
  ],
  'is no known fault',
);
export type FaultSpec = z.output<typeof faultSpec>;
export type FaultKind = FaultSpec['kind'];

/** One fault for a share of one service's instances, with its end and its reason; the real Redis is never touched. */
export const experimentInput = z.strictObject({
  env: envName,
  service: name,
  fault: faultSpec,
  instancesPercent: z._default(whole('%', 1, 100), 100),
  seconds,
  reason,
});
export type ExperimentInput = z.output<typeof experimentInput>;

export const startExperimentInput = z.strictObject({ experiment: experimentInput, idempotencyKey });
export const stopExperimentInput = z.strictObject({ id: z.string().check(z.minLength(1), z.maxLength(64)) });
/** Everything that runs anywhere. */
export const haltInput = z.strictObject({});

/** More at a time on one service would tell nobody which of them did what. */
export const EXPERIMENTS_AT_A_TIME_MAX = 4;

export interface ExperimentView {
  id: string;
  env: string;
  service: string;
  fault: FaultSpec;
  instancesPercent: number;
  reason: string;
  by: string;
  startedAtMs: number;
  /** When it ends by itself. */
  endsAtMs: number;
  /** When it did end, and how; null while it runs. */
  endedAtMs: number | null;
  ended: 'expired' | 'stopped' | null;
  /** Instances that said they apply it, of those that the order means. */
  appliedBy: string[];
  expected: string[];
  /** How long after the order each instance said so; absent for those that were heard of later. */
  ackMs: Record<string, number>;
}

/** What halt-all came to. */
export interface HaltView {
  stopped: ExperimentView[];
  /** Services whose instances could not be told: their faults end by themselves. */
  unreached: { env: string; service: string }[];
}
