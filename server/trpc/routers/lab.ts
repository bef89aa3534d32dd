import { type ExperimentView, startExperimentInput, stopExperimentInput } from '../../contract/lab.ts';
import { notYet } from '../../control/stub.ts';
import { changing, reading, router } from '../init.ts';

export const labRouter = router({
  list: reading.query((): Promise<ExperimentView[]> => notYet()),
  start: changing({ permission: 'lab.start' })
    .input(startExperimentInput)
    .mutation((): Promise<ExperimentView> => notYet()),
  stop: changing({ permission: 'lab.stop' })
    .input(stopExperimentInput)
    .mutation((): Promise<ExperimentView> => notYet()),
});
