import { sessionView } from '../../control/session-view.ts';
import { personal, router } from '../init.ts';

export const sessionRouter = router({
  me: personal.query(({ ctx }) => sessionView(ctx.deps, ctx.actor)),
});
