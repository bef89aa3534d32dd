import { addUp, runLanes, runStages } from './run-stages.mjs';
import { engineTypes, verifyLanes } from './stages.mjs';

/** Everything that can be told without a browser or a Redis of its own. */
export async function verify() {
  return addUp([await runStages([engineTypes]), await runLanes(verifyLanes)]);
}
