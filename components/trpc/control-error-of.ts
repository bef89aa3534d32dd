import { TRPCClientError } from '@trpc/client';
import * as z from 'zod/mini';
import { type ControlErrorView, controlErrorCodes } from '../../server/contract/control-error.ts';

const shape = z.object({
  control: z.object({
    code: z.enum(controlErrorCodes),
    message: z.string(),
    field: z.optional(z.string()),
    id: z.optional(z.string()),
    details: z.optional(z.unknown()),
  }),
});

/** What the server said went wrong; null when it said nothing (it could not be reached, or the answer was no answer of ours). */
export function controlErrorOf(error: unknown): ControlErrorView | null {
  if (!(error instanceof TRPCClientError)) return null;
  const parsed = shape.safeParse(error.data);
  if (!parsed.success) return null;
  const { code, message, field, id, details } = parsed.data.control;
  return { code, message, ...(field === undefined ? {} : { field }), ...(id === undefined ? {} : { id }), details };
}
