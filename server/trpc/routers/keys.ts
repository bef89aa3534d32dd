import { entryInput, explainInput, findInput, keyMetaInput, scanInput } from '../../contract/keys.ts';
import { describeKeys } from '../../control/keys/describe-keys.ts';
import { explainKey } from '../../control/keys/explain-key.ts';
import { findEntry } from '../../control/keys/find-entry.ts';
import { invalidateKey } from '../../control/keys/invalidate-key.ts';
import { readEntry } from '../../control/keys/read-entry.ts';
import { scanKeys } from '../../control/keys/scan-keys.ts';
import { changing, reading, router } from '../init.ts';

export const keysRouter = router({
  scan: reading.input(scanInput).query(({ ctx, input, signal }) => scanKeys(ctx.deps, input, signal)),
  meta: reading.input(keyMetaInput).query(({ ctx, input }) => describeKeys(ctx.deps, input.keys)),
  find: reading.input(findInput).query(({ ctx, input }) => findEntry(ctx.deps, input)),
  entry: reading.input(entryInput).query(({ ctx, input }) => readEntry(ctx.deps, input.key)),
  explain: reading.input(explainInput).query(({ ctx, input }) => explainKey(ctx.deps, input)),
  invalidate: changing(invalidateKey)
    .input(invalidateKey.input)
    .mutation(({ ctx, input }) => invalidateKey.execute(ctx.deps, ctx.actor, input)),
});
