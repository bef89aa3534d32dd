import { randomUUID } from 'node:crypto';
import { TRPCError } from '@trpc/server';
import type { ControlErrorCode, ControlErrorView } from '../contract/control-error.ts';
import { ControlError } from '../control/control-error.ts';
import type { ErrorLog } from '../control/deps.ts';
import { expectedFailure } from '../control/expected-failure.ts';

const trpcCodes = {
  BAD_INPUT: 'BAD_REQUEST',
  UNAUTHENTICATED: 'UNAUTHORIZED',
  FORBIDDEN: 'FORBIDDEN',
  NOT_FOUND: 'NOT_FOUND',
  CONFLICT: 'CONFLICT',
  REDIS_UNAVAILABLE: 'SERVICE_UNAVAILABLE',
  STORE_UNAVAILABLE: 'SERVICE_UNAVAILABLE',
  NOT_ACKNOWLEDGED: 'BAD_GATEWAY',
  INTERNAL: 'INTERNAL_SERVER_ERROR',
} as const satisfies Record<ControlErrorCode, TRPCError['code']>;

/** The wire form of any failure. What is not a `ControlError` is described by tRPC's own code, never by its message. */
export function controlErrorView(error: TRPCError): ControlErrorView {
  const expected = expectedFailure(error.cause);
  if (expected !== undefined) return expected.view();
  switch (error.code) {
    case 'NOT_FOUND':
      return { code: 'NOT_FOUND', message: 'There is no such procedure.' };
    case 'BAD_REQUEST':
    case 'PARSE_ERROR':
    case 'METHOD_NOT_SUPPORTED':
    case 'UNSUPPORTED_MEDIA_TYPE':
    case 'PAYLOAD_TOO_LARGE':
      return { code: 'BAD_INPUT', message: 'The request is malformed.' };
    default:
      return { code: 'INTERNAL', message: 'Something unexpected went wrong.' };
  }
}

/** Gives every failure its tRPC code. The unknown ones are logged with an id, and only the id leaves the server. */
export function toTrpcError(error: Error, log: ErrorLog, path?: string): TRPCError {
  const cause = error instanceof TRPCError ? error.cause : error;
  const known = expectedFailure(cause);
  if (known !== undefined) return new TRPCError({ code: trpcCodes[known.code], message: known.message, cause: known });
  if (error instanceof TRPCError && error.code !== 'INTERNAL_SERVER_ERROR') return error;
  const id = randomUUID();
  log.error({ err: cause ?? error, errorId: id, path }, 'a procedure failed unexpectedly');
  const internal = new ControlError('INTERNAL', `Something unexpected went wrong. The server's log has it as ${id}.`, {
    id,
    cause: cause ?? error,
  });
  return new TRPCError({ code: 'INTERNAL_SERVER_ERROR', message: internal.message, cause: internal });
}
