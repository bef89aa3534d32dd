import * as z from 'zod/mini';
import { type PolicyConflict, policyValues } from '../../server/contract/policies.ts';
import { controlErrorOf } from '../trpc/control-error-of.ts';

const shape = z.object({ rev: z.int(), by: z.string(), atMs: z.number(), values: policyValues });

/** What somebody else saved in the meantime; null when the failure is another one. */
export function policyConflictOf(error: unknown): PolicyConflict | null {
  const control = controlErrorOf(error);
  if (control?.code !== 'CONFLICT') return null;
  const parsed = shape.safeParse(control.details);
  return parsed.success ? parsed.data : null;
}
