import { findProgram } from './find-program.mjs';
import { step } from './progress.mjs';
import { runCommand } from './run-command.mjs';

/**
 * Has the system's package manager bring a package: apt-get as root or with sudo that asks nothing, else brew.
 * @param {{ apt: string, brew: string }} names what the package is called there
 * @returns {Promise<string | null>} null when done, else why it could not be
 */
export async function installSystemPackage(names) {
  const apt = findProgram(['apt-get']);
  if (apt !== null) {
    const asRoot = process.getuid?.() === 0 ? [] : await passwordlessSudo();
    if (asRoot === null) return 'apt-get needs root, and sudo asks for a password';
    return step(`installing ${names.apt} with apt-get`, () => installWithApt(asRoot, apt, names.apt));
  }
  const brew = findProgram(['brew']);
  if (brew === null) return 'there is no apt-get or brew';
  const { code, output } = await step(`installing ${names.brew} with brew`, () => runCommand(brew, ['install', names.brew]));
  return code === 0 ? null : `brew install ${names.brew} failed: ${lastLine(output)}`;
}

async function installWithApt(asRoot, apt, name) {
  const run = (...args) => {
    const [command, ...rest] = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', apt, ...args];
    return runCommand(command, rest);
  };
  const install = () => run('install', '-y', '--no-install-recommends', name);
  const first = await install();
  if (first.code === 0) return null;
  // A fresh machine has no package lists yet.
  const update = await run('update');
  const second = update.code === 0 ? await install() : update;
  return second.code === 0 ? null : `apt-get could not install ${name}: ${lastLine(second.output)}`;
}

async function passwordlessSudo() {
  const sudo = findProgram(['sudo']);
  if (sudo === null) return null;
  const { code } = await runCommand(sudo, ['-n', 'true']);
  return code === 0 ? [sudo, '-n'] : null;
}

function lastLine(output) {
  return output.trim().split('\n').at(-1) ?? '';
}
