import { TRPCClientError } from '@trpc/client';
import { type ControlErrorCode, type ControlErrorView, controlErrorCodes } from '../../server/contract/control-error.ts';

/** What the server said went wrong; null when it said nothing (it could not be reached, or the answer was no answer of ours). Read by hand: this is on every page, a schema library need not be. */
export function controlErrorOf(error: unknown): ControlErrorView | null {
  if (!(error instanceof TRPCClientError)) return null;
  const control = fieldOf(error.data, 'control');
  const code = fieldOf(control, 'code');
  const message = fieldOf(control, 'message');
  if (!isCode(code) || typeof message !== 'string') return null;
  const field = fieldOf(control, 'field');
  const id = fieldOf(control, 'id');
  return {
    code,
    message,
    ...(typeof field === 'string' ? { field } : {}),
    ...(typeof id === 'string' ? { id } : {}),
    details: fieldOf(control, 'details'),
  };
}

const isCode = (value: unknown): value is ControlErrorCode => controlErrorCodes.some((code) => code === value);

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
