import type { LiveMessage } from '../../contract/live.ts';
import { reading, router } from '../init.ts';

export const liveRouter = router({
  /** A snapshot, then a tick each second. It ends with the request, the session, or the console. */
  stream: reading.subscription(async function* ({ ctx, signal }): AsyncGenerator<LiveMessage, void, undefined> {
    yield* ctx.deps.live.subscribe({ signal: signal ?? new AbortController().signal, stillAllowed: ctx.stillSignedIn });
  }),
});
