import type { SessionView } from '../../contract/session.ts';
import { notYet } from '../../control/stub.ts';
import { personal, router } from '../init.ts';

export const sessionRouter = router({
  me: personal.query((): SessionView => notYet()),
});
