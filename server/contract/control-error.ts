/** Every way in which a request to the console can fail, with what the browser makes of it. */
export const controlErrorCodes = [
  'BAD_INPUT', // the request itself is wrong: `field` says where
  'UNAUTHENTICATED', // no session, or it ended
  'FORBIDDEN', // the role does not allow it, or the instance's owner does not
  'NOT_FOUND',
  'CONFLICT', // somebody else changed it first: `details` holds the current state
  'REDIS_UNAVAILABLE', // Redis cannot be reached: nothing was changed
  'STORE_UNAVAILABLE', // the console's own database cannot be reached: nothing was changed
  'NOT_ACKNOWLEDGED', // sent, but Redis did not confirm it: repeat it
  'INTERNAL', // unexpected: `id` finds it in the server's log
] as const;
export type ControlErrorCode = (typeof controlErrorCodes)[number];

/** What travels in `error.data.control` of a tRPC error. */
export interface ControlErrorView {
  code: ControlErrorCode;
  message: string;
  field?: string;
  id?: string;
  details?: unknown;
}
