/** Where unexpected failures are written. */
export interface ErrorLog {
  error(fields: object, message: string): void;
}

/** What the use cases work with. */
export interface ControlDeps {
  log: ErrorLog;
}
