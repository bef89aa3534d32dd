import { installDependencies } from '../scripts/setup/dependencies.mjs';
import { ExpectedError } from '../scripts/setup/expected-error.mjs';
import { programs } from '../scripts/setup/paths.mjs';
import { step } from '../scripts/setup/progress.mjs';
import { runCommand, runNode } from '../scripts/setup/run-command.mjs';
import { hashSources, isStamped, writeStamp } from '../scripts/setup/stamp.mjs';

const STAMP = 'bench/node_modules/.sideboard-installed';

/** The product's dependencies, the peers, and the engine built from what stands here. */
export async function setUp() {
  await installDependencies();
  const hash = await hashSources(['bench/package.json', 'bench/package-lock.json']);
  if (!(await isStamped(STAMP, hash))) {
    await step('installing the peers', async () => {
      const { code, output } = await runCommand('npm', ['ci', '--prefix', 'bench', '--ignore-scripts', '--no-audit', '--no-fund']);
      if (code !== 0) throw new ExpectedError(`${output.trim()}\n\nThe peers could not be installed (npm ci, code ${code}).`);
      await writeStamp(STAMP, hash);
    });
  }
  await step('building the engine', async () => {
    const { code, output } = await runNode(programs.tsc, ['-b', 'server/engine']);
    if (code !== 0) throw new ExpectedError(`${output.trim()}\n\nThe engine does not build.`);
  });
}
