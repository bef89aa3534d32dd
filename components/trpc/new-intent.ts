const BYTES = 18;

/** A fresh idempotency key (24 letters): one for each change that the operator means. Made when a dialog opens, so a double click is one change. */
export function newIntent(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(BYTES));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_');
}
