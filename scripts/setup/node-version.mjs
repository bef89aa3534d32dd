/* Runs in any Node that knows modules: no syntax that is newer. */

/** The oldest Node that runs Sideboard, as [major, minor]. Also "engines" of package.json. */
const OLDEST = [20, 19];

/**
 * One line that says what is wrong with this Node and what to do, or null.
 * @param {string} version e.g. "20.19.0"
 */
export function nodeProblem(version) {
  const parts = String(version).split('.').map(Number);
  const isNew = parts[0] > OLDEST[0] || (parts[0] === OLDEST[0] && parts[1] >= OLDEST[1]);
  if (isNew) return null;
  return `Sideboard needs Node ${OLDEST[0]}.${OLDEST[1]} or newer, and this is Node ${version}. Install a current one from https://nodejs.org and run the same command again.`;
}
