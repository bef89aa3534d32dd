import { readFileSync } from 'node:fs';

/** @typedef {{ passed: number, failed: number }} Counts */

/**
 * @param {unknown} report of vitest's json reporter. A file that could not be loaded has no tests, and counts as one that failed.
 * @returns {Counts}
 */
export function countVitest(report) {
  const files = report.testResults ?? [];
  const unloaded = files.filter((file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'));
  return { passed: report.numPassedTests, failed: report.numFailedTests + unloaded.length };
}

/**
 * @param {unknown} report of Playwright's json reporter. A flaky journey failed once: it failed.
 * @returns {Counts}
 */
export function countPlaywright(report) {
  const { expected, unexpected, flaky } = report.stats;
  return { passed: expected, failed: unexpected + flaky };
}

/**
 * What a test stage comes to. One that ended badly never counts as green, whatever its report says.
 * @param {string} file its report
 * @param {(report: unknown) => Counts} count
 * @param {number} code with which the runner ended
 * @returns {Counts & { problem: string | null }}
 */
export function readCounts(file, count, code) {
  let counts;
  try {
    counts = count(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    return { passed: 0, failed: 1, problem: `no readable report: ${error.message}` };
  }
  if (counts.failed > 0) return { ...counts, problem: `${counts.failed} failed` };
  if (code !== 0) return { ...counts, failed: 1, problem: `ended with code ${code}` };
  if (counts.passed === 0) return { ...counts, failed: 1, problem: 'ran no test' };
  return { ...counts, problem: null };
}

const MODULES_MIN = 100;
const DEPENDENCIES_MIN = 200;

/**
 * Why a green boundary check proves nothing: with a compiler that it cannot use, dependency-cruiser sees no module and is content.
 * @param {string} output of dependency-cruiser
 * @returns {string | null}
 */
export function sawTooLittle(output) {
  const [, modules, dependencies] = /\((\d+) modules, (\d+) dependencies cruised\)/.exec(output) ?? [];
  if (Number(modules) > MODULES_MIN && Number(dependencies) > DEPENDENCIES_MIN) return null;
  return `it saw ${modules ?? 'no'} modules and ${dependencies ?? 'no'} dependencies`;
}
