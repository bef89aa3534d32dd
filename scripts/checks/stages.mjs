/** The stages of `npm run verify` and `npm test`: what each runs, and what it comes to. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { programs } from '../setup/paths.mjs';
import { runNode } from '../setup/run-command.mjs';
import { countPlaywright, countVitest, readCounts, sawTooLittle } from './report-counts.mjs';

const MINUTE_MS = 60_000;

/** Nothing of the caller's own set-up may reach a test: its Redis least of all. */
const OWN_SETTINGS = /^(REDIS_|DATABASE_URL$|DEMO_|SIDEBOARD_|PORT$|HOST$|NODE_ENV$)/;
const cleanEnv = () => ({
  ...Object.fromEntries(
    Object.keys(process.env)
      .filter((name) => OWN_SETTINGS.test(name))
      .map((name) => [name, undefined]),
  ),
  NO_COLOR: '1',
  FORCE_COLOR: undefined,
});

/**
 * @typedef {{ passed: number, failed: number, problem: string | null, output: string }} StageResult
 * @typedef {{ what: string, run: () => Promise<StageResult> }} Stage
 */

/**
 * A stage that is right or wrong, and counts only when it is wrong.
 * @param {string[][]} commands
 * @param {(output: string) => string | null} doubt what is wrong although each command ended well
 * @returns {Stage}
 */
function check(what, commands, doubt = () => null) {
  return {
    what,
    async run() {
      for (const [program, ...args] of commands) {
        const { code, output } = await runNode(program, args, { env: cleanEnv(), timeoutMs: 3 * MINUTE_MS });
        const problem = code === 0 ? doubt(output) : `code ${code}`;
        if (problem !== null) return { passed: 0, failed: 1, problem, output };
      }
      return { passed: 0, failed: 0, problem: null, output: '' };
    },
  };
}

/** @returns {Stage} */
function tests(what, minutesMax, count, command, env = {}) {
  return {
    what,
    async run() {
      const report = path.join(mkdtempSync(path.join(tmpdir(), 'sideboard-report-')), 'report.json');
      const { program, args, reportEnv } = command(report);
      const { code, output } = await runNode(program, args, {
        env: { ...cleanEnv(), ...env, ...reportEnv },
        timeoutMs: minutesMax * MINUTE_MS,
      });
      return { ...readCounts(report, count, code), output };
    },
  };
}

const vitest = (project) => (report) => ({
  program: programs.vitest,
  args: ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
});

/** Types that others are checked against: the engine's, and what is built on top of it. */
export const engineTypes = check('types of the engine, the demo and the history', [
  [programs.tsc, '-b', 'server/demo', 'server/testing/history'],
]);

/** Stages that may run beside each other, in two lanes for two cores; both need `engineTypes`. @type {Stage[][]} */
export const verifyLanes = [
  [
    check('format and lint', [[programs.biome, 'ci', '--colors=off']]),
    check('types of the console', [
      [programs.next, 'typegen'],
      [programs.tsc, '-p', '.'],
    ]),
    check('boundaries', [[programs.depcruise, '--config', '.dependency-cruiser.cjs', 'app', 'components', 'server', 'e2e']], sawTooLittle),
  ],
  [check('unused code', [[programs.knip]]), tests('unit tests', 3, countVitest, vitest('unit'))],
];

export const integration = tests('integration tests', 5, countVitest, vitest('integration'));

/** Takes both cores: beside nothing else. */
export const history = tests('history of several processes under faults', 5, countVitest, vitest('history'));

/** @param {string} chromium path of the browser */
export function journeys(chromium) {
  return tests(
    'journeys in a browser',
    6,
    countPlaywright,
    (report) => ({
      program: programs.playwright,
      args: ['test', '-c', 'e2e/playwright.config.ts'],
      reportEnv: { PLAYWRIGHT_JSON_OUTPUT_FILE: report },
    }),
    { CHROMIUM_PATH: chromium },
  );
}
