import type { AuditRowView } from '../../contract/audit.ts';
import type { ControlDeps } from '../deps.ts';

const ROWS_MAX = 100;

/** The last 100 acts, newest first. */
export function recentAudit(deps: ControlDeps): Promise<AuditRowView[]> {
  return deps.audit.recent(ROWS_MAX);
}
