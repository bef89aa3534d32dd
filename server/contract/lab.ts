import * as z from 'zod/mini';
import { envName, idempotencyKey, name } from './service-ref.ts';

const seconds = z
  .int('must be a whole number of seconds')
  .check(z.gte(1, 'must be at least 1 s'), z.lte(900, 'must be at most 900 s (15 min)'));
const reason = z.string().check(z.trim(), z.minLength(3, 'say in a few words why'), z.maxLength(200, 'is longer than 200 characters'));
const scope = { env: envName, service: name, seconds, reason };

/** One simulated failure at the sockets of one service's instances; the real Redis is never touched. */
export const experimentInput = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('down'), ...scope }),
  z.strictObject({
    kind: z.literal('slow'),
    latencyMs: z.int('must be a whole number of ms').check(z.gte(1, 'must be at least 1 ms'), z.lte(10_000, 'must be at most 10,000 ms')),
    ...scope,
  }),
]);
export type ExperimentInput = z.infer<typeof experimentInput>;

export const startExperimentInput = z.strictObject({ experiment: experimentInput, idempotencyKey });
export const stopExperimentInput = z.strictObject({ id: z.string().check(z.minLength(1), z.maxLength(64)) });

export interface ExperimentView {
  id: string;
  env: string;
  service: string;
  kind: 'down' | 'slow';
  latencyMs: number | null;
  reason: string;
  by: string;
  startedAtMs: number;
  /** When it ends by itself. */
  endsAtMs: number;
  /** When it did end, and how; null while it runs. */
  endedAtMs: number | null;
  ended: 'expired' | 'stopped' | null;
  /** Instances that said they apply it, of those that run. */
  appliedBy: string[];
  expected: string[];
}
