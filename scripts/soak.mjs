/* `npm run soak`: holds the engine's promise against long histories of several processes under faults, or its memory against a Redis
   that hangs for long. Ends with 1 if one breaks it. */
import { randomInt } from 'node:crypto';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { installDependencies } from './setup/dependencies.mjs';
import { ExpectedError, failWith } from './setup/expected-error.mjs';
import { findRedis } from './setup/find-redis.mjs';
import { programs, root } from './setup/paths.mjs';
import { step } from './setup/progress.mjs';
import { runNode } from './setup/run-command.mjs';
import { soakHung } from './soak-hung.mjs';

const USAGE = `npm run soak -- [--reads 10000000] [--faults 500] [--seed 1] [--runs 1] [--hours 12 | --minutes 30] [--l1]
npm run soak -- --hung [--minutes 10]

Each run ends when there have been that many reads and faults, at the first violation, or when its time is over. Without
--seed each run takes one at random; with it the runs take that one and those that follow it. --l1: each process keeps what it
reads, which is held against its bound; the faults are those of the links by which it hears of changes. --hung: Redis hangs for
that long under 5,000 reads a second; tells the size of the process each minute.`;
const HOURS_MAX_DEFAULT = 12;
const HUNG_MINUTES_DEFAULT = 10;
const built = path.join(root, 'server/testing/history/dist/history');

function readOptions() {
  const text = { type: 'string' };
  try {
    const { values } = parseArgs({
      options: {
        reads: text,
        faults: text,
        seed: text,
        runs: text,
        hours: text,
        minutes: text,
        hung: { type: 'boolean' },
        l1: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.hours !== undefined && values.minutes !== undefined) throw new Error('either --hours or --minutes');
    return {
      help: values.help === true,
      hungMinutes: values.hung === true ? positive('minutes', values.minutes ?? String(HUNG_MINUTES_DEFAULT)) : null,
      l1: values.l1 === true,
      readsMin: whole('reads', values.reads ?? '10000000', 0),
      faultsMin: whole('faults', values.faults ?? '500', 0),
      runs: whole('runs', values.runs ?? '1', 1),
      seed: values.seed === undefined ? null : whole('seed', values.seed, 0),
      timeMaxMs:
        values.minutes === undefined
          ? positive('hours', values.hours ?? String(HOURS_MAX_DEFAULT)) * 3_600_000
          : positive('minutes', values.minutes) * 60_000,
    };
  } catch (error) {
    throw new ExpectedError(`${error.message}\n\n${USAGE}`);
  }
}

function whole(name, text, least) {
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number) || number < least)
    throw new Error(`--${name} takes a whole number from ${least} on`);
  return number;
}

function positive(name, text) {
  const number = Number(text);
  if (!(number > 0 && Number.isFinite(number))) throw new Error(`--${name} takes a number above 0`);
  return number;
}

async function buildHistory() {
  await step('building the engine and the history', async () => {
    const { code, output } = await runNode(programs.tsc, ['-b', 'server/testing/history']);
    if (code !== 0) throw new ExpectedError(`${output.trim()}\n\nThe build failed (code ${code}).`);
  });
  const load = (file) => import(pathToFileURL(path.join(built, file)).href);
  const [{ runHistory }, { tellReport }, scenarios] = await Promise.all(['run-history.js', 'tell-report.js', 'scenarios.js'].map(load));
  return { runHistory, tellReport, scenarios };
}

/** The first signal ends the run in order; its line is still told. */
function endBySignal() {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(name, () => controller.abort());
  return controller.signal;
}

async function main() {
  const { help, hungMinutes, l1, readsMin, faultsMin, runs, seed: firstSeed, timeMaxMs } = readOptions();
  if (help) return console.log(USAGE);
  const signal = endBySignal();
  await installDependencies();
  await findRedis();
  if (hungMinutes !== null) {
    const kept = await soakHung({ minutes: hungMinutes, signal });
    process.exitCode = kept ? (signal.aborted ? 130 : 0) : 1;
    return;
  }
  const { runHistory, tellReport, scenarios } = await buildHistory();
  let [ran, red] = [0, 0];
  for (let run = 1; run <= runs && !signal.aborted; run += 1) {
    const seed = String(firstSeed === null ? randomInt(1_000_000_000) : firstSeed + run - 1);
    console.log(`\nrun ${run} of ${runs}, seed ${seed}: until ${readsMin} reads and ${faultsMin} faults`);
    const report = await runHistory({
      seed,
      scenario: l1 ? scenarios.withinProcesses : scenarios.everything,
      engineDir: path.join(root, 'server/engine/dist'),
      workerPath: path.join(built, 'worker.js'),
      operationsMin: 0,
      readsMin,
      faultsMin,
      timeMaxMs,
      stopAtViolation: true,
      keepHistory: true,
      signal,
      onProgress: ({ reads, operations, faultCount, tookMs }) =>
        console.log(`  … ${(tookMs / 1000).toFixed(0)} s: ${reads} reads, ${operations} operations, ${faultCount} faults`),
    });
    ran += 1;
    const kept = report.violations.length === 0 && report.late === 0 && ((l1 ? report.checkedLocal : report.checked) > 0 || readsMin === 0);
    const short = report.reads < readsMin || report.faultCount < faultsMin;
    if (!kept) red += 1;
    const verdict = kept ? (short ? 'KEPT so far, ended early' : 'KEPT') : 'BROKEN';
    console.log(`${verdict}: ${tellReport(report)}`);
  }
  if (runs > 1) console.log(`\n${red} of ${ran} runs broke the promise`);
  process.exitCode = red > 0 ? 1 : signal.aborted ? 130 : 0;
}

main().catch(failWith);
