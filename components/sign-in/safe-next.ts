/** Where to go after signing in: a path of this console, or nothing. `//host` and `/\host` would leave it. */
export function safeNext(next: string | undefined): string | undefined {
  return next !== undefined && /^\/(?![/\\])/.test(next) ? next : undefined;
}
