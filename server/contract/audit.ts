/** One act, as the audit keeps it: written before it ran (intent) and completed after (result). */
export interface AuditRowView {
  id: string;
  atMs: number;
  /** When the result was written; null: it is under way, or the console ended before it was known. */
  doneAtMs: number | null;
  by: string;
  action: string;
  target: string;
  outcome: 'pending' | 'done' | 'failed' | 'denied';
  /** One line: why it was denied or how it failed; null when it was done. */
  reason: string | null;
  input: unknown;
  before: unknown;
  after: unknown;
}
