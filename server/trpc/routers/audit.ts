import { recentAudit } from '../../control/audit/recent-audit.ts';
import { reading, router } from '../init.ts';

export const auditRouter = router({
  /** The last 100 acts, newest first. */
  recent: reading.query(({ ctx }) => recentAudit(ctx.deps)),
});
