/* `npm test`: sets up what is missing, then runs every check and test. The last line is "N passed, N failed". */
import { nodeProblem } from './setup/node-version.mjs';

const problem = nodeProblem(process.versions.node);
if (problem !== null) {
  console.error(problem);
  process.exit(1);
}
import('./checks/test.mjs')
  .then((checks) => checks.test())
  .catch((error) => {
    console.error(error);
    process.exit(1);
  });
