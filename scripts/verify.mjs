/* `npm run verify`: lint, types, boundaries, unused code, unit tests. All of them run, whatever fails. */
import { verify } from './checks/verify.mjs';
import { installDependencies } from './setup/dependencies.mjs';
import { failWith } from './setup/expected-error.mjs';
import { seconds } from './setup/progress.mjs';
import { endWithCommands } from './setup/run-command.mjs';

async function main() {
  const startedMs = Date.now();
  await installDependencies();
  const { failed } = await verify();
  console.log(failed === 0 ? `\nVerified in ${seconds(Date.now() - startedMs)}.` : `\nNot verified: ${failed} failed.`);
  process.exitCode = failed === 0 ? 0 : 1;
}

endWithCommands();
main().catch(failWith);
