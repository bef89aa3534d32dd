import { randomInt } from 'node:crypto';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildHistory, root } from '../build-engine.ts';
import { breakEngine } from './break-engine.ts';
import { type HistoryReport, runHistory } from './run-history.ts';
import type { Scenario } from './scenario.ts';
import { everything, withinProcesses } from './scenarios.ts';
import { seededBugs } from './seeded-bugs.ts';
import { seededL1Bugs } from './seeded-l1-bugs.ts';

const engineDist = path.join(root, 'server/engine/dist');
const workerPath = path.join(import.meta.dirname, 'dist/history/worker.js');
const FAULTS_MIN = 20;
const seed = process.env['HISTORY_SEED'] ?? String(randomInt(1_000_000_000));

beforeAll(() => buildHistory(), 120_000);

const tell = (name: string, report: HistoryReport) =>
  process.stdout.write(
    `${name}: seed ${report.seed}, ${report.operations} operations, ${report.faultCount} faults, ` +
      `${report.violations.length} violations, red after ${report.redAfterMs?.toFixed(0) ?? '-'} ms\n`,
  );

/** The engine as it is: it must be seen through all of its operations and faults, and keep what it promises. */
async function keepsThePromise(name: string, scenario: Scenario, operationsMin: number, timeMaxMs: number): Promise<HistoryReport> {
  const report = await runHistory({
    seed,
    scenario,
    engineDir: engineDist,
    workerPath,
    operationsMin,
    faultsMin: FAULTS_MIN,
    timeMaxMs,
    stopAtViolation: true,
    keepHistory: true,
  });
  tell(name, report);
  expect(report.violations).toEqual([]);
  expect(report.late).toBe(0);
  expect(report.operations).toBeGreaterThanOrEqual(operationsMin);
  expect(report.faultCount).toBeGreaterThanOrEqual(FAULTS_MIN);
  return report;
}

const MINUTE_MS = 60_000;

describe('the promise, held against the history of several processes', () => {
  it('no fault makes the engine break it', async () => {
    const { checked } = await keepsThePromise('whole engine', everything, 200_000, 180_000);
    expect(checked).toBeGreaterThan(0);
  }, 240_000);

  it('no fault makes a process keep for longer than its bound what was changed, and many reads are answered by one', async () => {
    const { checkedLocal } = await keepsThePromise('whole engine, within processes', withinProcesses, 100_000, 120_000);
    // Who is answered by Redis shows nothing of what is kept.
    expect(checkedLocal).toBeGreaterThan(10_000);
  }, 180_000);

  it.each([...seededBugs, ...seededL1Bugs])(
    '$name: found out',
    async (bug) => {
      const engine = breakEngine(root, engineDist, bug);
      try {
        const fleetMs = bug.fleetMs ?? MINUTE_MS;
        const run = (fleet: number) =>
          runHistory({
            seed: fleet === 0 ? seed : `${seed}-${fleet}`,
            scenario: bug.scenario,
            engineDir: path.join(engine, 'dist'),
            workerPath,
            operationsMin: Number.POSITIVE_INFINITY,
            faultsMin: Number.POSITIVE_INFINITY,
            timeMaxMs: fleetMs,
            stopAtViolation: true,
            keepHistory: false,
          });
        let report = await run(0);
        for (let fleet = 1; fleet * fleetMs < MINUTE_MS && report.violations.length === 0; fleet += 1) report = await run(fleet);
        tell(bug.name, report);
        expect(bug.found).toContain(report.violations[0]?.class);
      } finally {
        rmSync(engine, { recursive: true, force: true });
      }
    },
    120_000,
  );
});
