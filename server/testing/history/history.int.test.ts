import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildEngine, root } from '../build-engine.ts';
import { breakEngine } from './break-engine.ts';
import { type HistoryReport, runHistory } from './run-history.ts';
import { everything, withinProcesses } from './scenarios.ts';
import { seededBugs } from './seeded-bugs.ts';
import { seededL1Bugs } from './seeded-l1-bugs.ts';

const engineDist = path.join(root, 'server/engine/dist');
const workerPath = path.join(import.meta.dirname, 'dist/history/worker.js');
const seed = process.env['HISTORY_SEED'] ?? String(randomInt(1_000_000_000));

beforeAll(() => {
  buildEngine();
  execFileSync('npx', ['tsc', '-b', 'server/testing/history'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
}, 120_000);

const tell = (name: string, report: HistoryReport) =>
  process.stdout.write(
    `${name}: seed ${report.seed}, ${report.operations} operations, ${report.faultCount} faults, ` +
      `${report.violations.length} violations, red after ${report.redAfterMs?.toFixed(0) ?? '-'} ms\n`,
  );

describe('the promise, held against the history of several processes', () => {
  it('no fault makes the engine break it', async () => {
    const report = await runHistory({
      seed,
      scenario: everything,
      engineDir: engineDist,
      workerPath,
      operationsMin: 200_000,
      faultsMin: 20,
      timeMaxMs: 180_000,
      stopAtViolation: true,
      keepHistory: true,
    });
    tell('whole engine', report);
    expect(report.violations).toEqual([]);
    expect(report.late).toBe(0);
    expect(report.operations).toBeGreaterThanOrEqual(200_000);
    expect(report.faultCount).toBeGreaterThanOrEqual(20);
    expect(report.checked).toBeGreaterThan(0);
  }, 240_000);

  it('no fault makes a process keep for longer than its bound what was changed, and many reads are answered by one', async () => {
    const report = await runHistory({
      seed,
      scenario: withinProcesses,
      engineDir: engineDist,
      workerPath,
      operationsMin: 100_000,
      faultsMin: 20,
      timeMaxMs: 120_000,
      stopAtViolation: true,
      keepHistory: true,
    });
    tell('whole engine, within processes', report);
    expect(report.violations).toEqual([]);
    expect(report.late).toBe(0);
    expect(report.operations).toBeGreaterThanOrEqual(100_000);
    expect(report.faultCount).toBeGreaterThanOrEqual(20);
    // Who is answered by Redis shows nothing of what is kept.
    expect(report.checkedLocal).toBeGreaterThan(10_000);
  }, 180_000);

  it.each([...seededBugs, ...seededL1Bugs])(
    '$name: found out',
    async (bug) => {
      const engine = breakEngine(root, engineDist, bug);
      try {
        const report = await runHistory({
          seed,
          scenario: bug.scenario,
          engineDir: path.join(engine, 'dist'),
          workerPath,
          operationsMin: Number.POSITIVE_INFINITY,
          faultsMin: Number.POSITIVE_INFINITY,
          timeMaxMs: 60_000,
          stopAtViolation: true,
          keepHistory: false,
        });
        tell(bug.name, report);
        expect(bug.found).toContain(report.violations[0]?.class);
      } finally {
        rmSync(engine, { recursive: true, force: true });
      }
    },
    120_000,
  );
});
