/* `npm start`. This file must parse and run in any Node that knows modules: everything newer is imported after the check. */
import { nodeProblem } from './setup/node-version.mjs';

const problem = nodeProblem(process.versions.node);
if (problem !== null) {
  console.error(problem);
  process.exit(1);
}
import('./supervisor/main.mjs')
  .then((main) => main.main())
  .catch((error) => {
    console.error(error);
    process.exit(1);
  });
