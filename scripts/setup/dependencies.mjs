import { ExpectedError } from './expected-error.mjs';
import { step } from './progress.mjs';
import { runCommand } from './run-command.mjs';
import { hashSources, isStamped, writeStamp } from './stamp.mjs';

const STAMP = 'node_modules/.sideboard-installed';
const LOCKED = ['package.json', 'package-lock.json', 'server/engine/package.json'];

/** Installs the locked dependencies, unless node_modules is of this very lock file. */
export async function installDependencies() {
  const hash = await hashSources(LOCKED);
  if (await isStamped(STAMP, hash)) return;
  await step('installing locked dependencies', async () => {
    const { code, output } = await runCommand('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--include=dev'], {
      env: { NODE_ENV: undefined },
    });
    if (code !== 0) {
      throw new ExpectedError(
        `${output.trim()}\n\nThe dependencies could not be installed (npm ci, code ${code}). Check the network and the registry, then run the same command again.`,
      );
    }
    await writeStamp(STAMP, hash);
  });
}
