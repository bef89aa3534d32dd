import type { ControlErrorCode, ControlErrorView } from '../contract/control-error.ts';

interface ControlErrorOptions {
  field?: string;
  details?: unknown;
  /** Finds the original in the server's log. */
  id?: string;
  cause?: unknown;
}

/** An expected failure of a request to the console. Its message is written for the operator who reads it. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
  readonly code: ControlErrorCode;
  readonly field: string | undefined;
  readonly details: unknown;
  readonly id: string | undefined;

  constructor(code: ControlErrorCode, message: string, options: ControlErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.field = options.field;
    this.details = options.details;
    this.id = options.id;
  }

  view(): ControlErrorView {
    return {
      code: this.code,
      message: this.message,
      ...(this.field === undefined ? {} : { field: this.field }),
      ...(this.id === undefined ? {} : { id: this.id }),
      ...(this.details === undefined ? {} : { details: this.details }),
    };
  }
}
