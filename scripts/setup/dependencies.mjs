import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ExpectedError } from './expected-error.mjs';
import { root } from './paths.mjs';
import { step } from './progress.mjs';
import { runCommand } from './run-command.mjs';
import { hashSources, isStamped, writeStamp } from './stamp.mjs';

const STAMP = 'node_modules/.sideboard-installed';
const LOCKED = ['package.json', 'package-lock.json', 'server/engine/package.json'];

/** Installs the locked dependencies, unless node_modules is of this very lock file. */
export async function installDependencies() {
  const hash = await hashSources(LOCKED);
  if (await isStamped(STAMP, hash)) return;
  if (await isInstalledByHand()) return writeStamp(STAMP, hash);
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

/** True if somebody ran npm themselves: what npm notes of node_modules has every locked package. */
async function isInstalledByHand() {
  const note = path.join(root, 'node_modules/.package-lock.json');
  if (!existsSync(note)) return false;
  const [wanted, found] = await Promise.all([path.join(root, 'package-lock.json'), note].map(readPackages));
  return holdsAll(wanted, found);
}

/**
 * @param {Record<string, { version?: string, optional?: boolean, extraneous?: boolean }>} wanted packages of a lock file, by place
 * @param {Record<string, { version?: string }>} found those of node_modules
 */
export function holdsAll(wanted, found) {
  return Object.entries(wanted).every(([place, { version, optional, extraneous }]) => {
    if (!place.includes('node_modules/') || extraneous) return true;
    const there = found[place];
    // Packages for other systems are locked too.
    return there === undefined ? optional === true : there.version === version;
  });
}

async function readPackages(file) {
  return JSON.parse(await readFile(file, 'utf8')).packages ?? {};
}
