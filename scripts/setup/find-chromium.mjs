import { ExpectedError } from './expected-error.mjs';
import { findProgram, isProgram } from './find-program.mjs';
import { installSystemPackage } from './system-package.mjs';

const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const MAC_FOLDERS = ['/Applications/Google Chrome.app/Contents/MacOS', '/Applications/Chromium.app/Contents/MacOS'];

/** The path of a Chromium for the journeys: CHROMIUM_PATH, else one on PATH, else from the system's package manager. */
export async function findChromium(env = process.env) {
  if (env.CHROMIUM_PATH) {
    if (isProgram(env.CHROMIUM_PATH)) return env.CHROMIUM_PATH;
    throw new ExpectedError(`CHROMIUM_PATH is ${env.CHROMIUM_PATH}, and that is no program. Set it to the path of a Chromium or Chrome.`);
  }
  const find = () => findProgram(BROWSERS, env) ?? findProgram(['Google Chrome', 'Chromium'], {}, MAC_FOLDERS);
  const found = find();
  if (found !== null) return found;
  const problem = await installSystemPackage({ apt: 'chromium', brew: 'chromium' });
  const installed = find();
  if (installed !== null) return installed;
  throw new ExpectedError(
    `The journeys need Chromium: none on PATH, and ${problem ?? 'the package brought none'}.\nInstall one, or set CHROMIUM_PATH to the path of a Chromium or Chrome.`,
  );
}
