import { build } from '../setup/build.mjs';
import { installDependencies } from '../setup/dependencies.mjs';
import { ExpectedError } from '../setup/expected-error.mjs';
import { findChromium } from '../setup/find-chromium.mjs';
import { findRedis } from '../setup/find-redis.mjs';
import { seconds } from '../setup/progress.mjs';
import { endWithCommands } from '../setup/run-command.mjs';
import { addUp, runLanes, runStages } from './run-stages.mjs';
import { engineTypes, history, integration, journeys, verifyLanes } from './stages.mjs';

/** Everything, from an empty machine; a set-up that fails counts as one failure. */
export async function test() {
  endWithCommands();
  const startedMs = Date.now();
  const counts = await runAll().catch((error) => {
    console.error(error instanceof ExpectedError ? `\n${error.message}` : error);
    return { passed: 0, failed: 1 };
  });
  console.log(`\nTested in ${seconds(Date.now() - startedMs)}.`);
  console.log(`${counts.passed} passed, ${counts.failed} failed`);
  process.exitCode = counts.failed === 0 ? 0 : 1;
}

async function runAll() {
  await installDependencies();
  await findRedis();
  const chromium = await findChromium();
  const first = await runStages([engineTypes]);
  // Two lanes for two cores. The one with the browser waits much and works little: it gets the build, the other all the rest.
  const [journeyed, checked] = await Promise.all([buildAndTravel(chromium), runLanes([[...verifyLanes.flat(), integration]])]);
  return addUp([first, journeyed, checked, await runStages([history])]);
}

async function buildAndTravel(chromium) {
  const built = await tryBuild();
  // Journeys through what could not be built would tell of nothing but the build.
  return built.failed === 0 ? runStages([journeys(chromium)]) : built;
}

async function tryBuild() {
  try {
    await build();
    return { passed: 0, failed: 0 };
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error;
    console.error(error.message);
    return { passed: 0, failed: 1 };
  }
}
