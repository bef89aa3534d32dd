import { randomInt } from 'node:crypto';
import path from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { buildHistory, root } from './build-engine.ts';
import { runHistory } from './history/run-history.ts';
import { everything } from './history/scenarios.ts';

const seed = process.env['HISTORY_SEED'] ?? String(randomInt(1_000_000_000));

beforeAll(() => buildHistory());

// Not beside the other histories: it wants no speed, so it need not have the machine to itself.
it('a fleet that is replaced while one of its processes is has as many as before', async () => {
  const { faultCount, processes } = await runHistory({
    seed,
    // Two are a fleet of which one is replaced; nearly all of this is the time that processes take to start.
    scenario: { ...everything, processes: 2, faults: { 'replace-fleet': 1, 'kill-process': 1 }, gapOperations: [0, 20] },
    engineDir: path.join(root, 'server/engine/dist'),
    workerPath: path.join(root, 'server/testing/history/dist/history/worker.js'),
    operationsMin: 0,
    faultsMin: 24,
    timeMaxMs: 120_000,
    stopAtViolation: true,
    keepHistory: false,
  });
  expect(faultCount, `seed ${seed}`).toBeGreaterThanOrEqual(24);
  // Faults that meet in one process have it started once.
  expect(processes, `seed ${seed}`).toBeGreaterThan(12);
}, 150_000);
