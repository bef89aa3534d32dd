import type { LiveMessage } from '../../contract/live.ts';
import { notYet } from '../../control/stub.ts';
import { reading, router } from '../init.ts';

export const liveRouter = router({
  /** A snapshot, then a tick each second. */
  // biome-ignore lint/correctness/useYield: the stream's type comes first, its body follows
  stream: reading.subscription(async function* (): AsyncGenerator<LiveMessage, void, undefined> {
    notYet();
  }),
});
