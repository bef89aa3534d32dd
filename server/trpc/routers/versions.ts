import { listVersionsInput } from '../../contract/versions.ts';
import { bumpVersion } from '../../control/versions/bump-version.ts';
import { listVersions } from '../../control/versions/list-versions.ts';
import { changing, reading, router } from '../init.ts';

export const versionsRouter = router({
  list: reading.input(listVersionsInput).query(({ ctx, input }) => listVersions(ctx.deps, input)),
  bump: changing(bumpVersion)
    .input(bumpVersion.input)
    .mutation(({ ctx, input }) => bumpVersion.execute(ctx.deps, ctx.actor, input)),
});
