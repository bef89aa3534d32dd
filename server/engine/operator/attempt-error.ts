/**
 * Why the newest attempt to connect failed: its first error. Those that follow are its consequences ("stream isn't
 * writeable"), and would hide it.
 */
export class AttemptError {
  #error: unknown = null;
  #settled = false;

  /** Null while nothing has failed since the connection was last up. */
  get cause(): unknown {
    return this.#error;
  }

  begin(): void {
    this.#settled = false;
  }

  add(error: unknown): void {
    if (this.#settled) return;
    this.#error = error;
    this.#settled = true;
  }

  connected(): void {
    this.#error = null;
    this.#settled = false;
  }
}
