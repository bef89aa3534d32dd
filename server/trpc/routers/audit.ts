import type { AuditRowView } from '../../contract/audit.ts';
import { notYet } from '../../control/stub.ts';
import { reading, router } from '../init.ts';

export const auditRouter = router({
  /** The last 100 acts, newest first. */
  recent: reading.query((): Promise<AuditRowView[]> => notYet()),
});
