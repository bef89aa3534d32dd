import { InvalidationNotAcknowledged, OperatorUnavailable } from 'sideboard-engine';
import * as z from 'zod/mini';
import { StoreUnavailable } from '../db/store.ts';
import { ControlError } from './control-error.ts';

/** A failure that has a name, as the operator may read it; undefined for everything unexpected. */
export function expectedFailure(error: unknown): ControlError | undefined {
  if (error instanceof ControlError) return error;
  if (error instanceof StoreUnavailable) {
    return new ControlError('STORE_UNAVAILABLE', "The console's own database cannot be reached. Nothing was changed.", { cause: error });
  }
  if (error instanceof InvalidationNotAcknowledged || (error instanceof OperatorUnavailable && error.applied === 'unknown')) {
    return new ControlError('NOT_ACKNOWLEDGED', 'Redis did not confirm it: it may or may not have happened. Repeat it.', { cause: error });
  }
  if (error instanceof OperatorUnavailable) {
    return new ControlError('REDIS_UNAVAILABLE', `Redis cannot be reached: ${error.message}. Nothing was changed.`, { cause: error });
  }
  if (error instanceof z.core.$ZodError) return badInput(error);
  return undefined;
}

/** Names the first field that is wrong. */
export function badInput(error: z.core.$ZodError): ControlError {
  const issue = error.issues[0];
  const field = issue?.path.map(String).join('.') ?? '';
  const message = `${field === '' ? '' : `${field}: `}${issue?.message ?? 'is not legal'}`;
  return new ControlError('BAD_INPUT', message, { cause: error, ...(field === '' ? {} : { field }) });
}
