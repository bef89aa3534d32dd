import { router } from './init.ts';
import { auditRouter } from './routers/audit.ts';
import { keysRouter } from './routers/keys.ts';
import { labRouter } from './routers/lab.ts';
import { liveRouter } from './routers/live.ts';
import { policiesRouter } from './routers/policies.ts';
import { sessionRouter } from './routers/session.ts';
import { versionsRouter } from './routers/versions.ts';

export const appRouter = router({
  session: sessionRouter,
  live: liveRouter,
  keys: keysRouter,
  versions: versionsRouter,
  policies: policiesRouter,
  lab: labRouter,
  audit: auditRouter,
});

export type AppRouter = typeof appRouter;
