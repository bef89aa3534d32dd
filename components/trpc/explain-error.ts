import type { ControlErrorCode } from '../../server/contract/control-error.ts';
import { controlErrorOf } from './control-error-of.ts';

export interface ErrorText {
  title: string;
  message: string;
  /** What the operator can do about it. */
  advice: string;
}

const texts: Record<ControlErrorCode, { title: string; advice: string }> = {
  BAD_INPUT: { title: 'That is not a legal request', advice: 'Correct it and try again.' },
  UNAUTHENTICATED: { title: 'You are signed out', advice: 'Sign in again.' },
  FORBIDDEN: { title: 'Not allowed', advice: 'Ask somebody whose role allows it.' },
  NOT_FOUND: { title: 'Not found', advice: 'It may be gone: load the page again.' },
  CONFLICT: { title: 'Somebody changed it first', advice: 'Look at what is there now, then decide again.' },
  REDIS_UNAVAILABLE: { title: 'Redis cannot be reached', advice: 'Try again when the banner is gone.' },
  STORE_UNAVAILABLE: { title: "The console's store cannot be reached", advice: 'Try again when the banner is gone.' },
  NOT_ACKNOWLEDGED: { title: 'Sent, but not confirmed', advice: 'Repeat it: doing it twice does no harm.' },
  INTERNAL: { title: 'Something unexpected went wrong', advice: "Try again; the server's log has the details." },
};

/** Any failed request in words: what happened, and what to do. */
export function explainError(error: unknown): ErrorText {
  const control = controlErrorOf(error);
  if (control !== null) return { ...texts[control.code], message: control.message };
  return {
    title: 'The console did not answer',
    message: 'The request did not reach the server, or its answer was lost.',
    advice: 'Check that the console runs, then try again.',
  };
}
