import { haltExperiments } from '../../control/lab/halt-experiments.ts';
import { startExperiment } from '../../control/lab/start-experiment.ts';
import { stopExperiment } from '../../control/lab/stop-experiment.ts';
import { changing, reading, router } from '../init.ts';

export const labRouter = router({
  /** Newest first; from memory, so that it answers whatever is down. */
  list: reading.query(({ ctx }) => ctx.deps.experiments.list()),
  start: changing(startExperiment)
    .input(startExperiment.input)
    .mutation(({ ctx, input }) => startExperiment.execute(ctx.deps, ctx.actor, input)),
  stop: changing(stopExperiment)
    .input(stopExperiment.input)
    .mutation(({ ctx, input }) => stopExperiment.execute(ctx.deps, ctx.actor, input)),
  halt: changing(haltExperiments)
    .input(haltExperiments.input)
    .mutation(({ ctx, input }) => haltExperiments.execute(ctx.deps, ctx.actor, input)),
});
