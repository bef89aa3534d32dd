import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startRedisServer } from '../redis-server.ts';
import { applyFault } from './apply-fault.ts';
import { type FaultKind, type FaultLane, LANES } from './fault-kinds.ts';
import { Fleet } from './fleet.ts';
import { HistoryChecker } from './history-checker.ts';
import type { HistoryEvent, UndoBegun } from './history-event.ts';
import { HistoryLog } from './history-log.ts';
import { monotonicUs } from './monotonic-us.ts';
import { planFaults } from './plan-faults.ts';
import type { Scenario } from './scenario.ts';
import type { Violation, ViolationClass } from './violation.ts';

export interface HistoryOptions {
  /** Gives the workload and the faults, their order and lengths. What meets what is up to the machine. */
  readonly seed: string;
  readonly scenario: Scenario;
  readonly engineDir: string;
  readonly workerPath: string;
  /** The run ends when there have been this many of each, or at the first violation if told so, or when its time is over. */
  readonly operationsMin: number;
  /** Default 0. */
  readonly readsMin?: number;
  readonly faultsMin: number;
  readonly timeMaxMs: number;
  /** Ends it early, and in order. */
  readonly signal?: AbortSignal;
  readonly stopAtViolation: boolean;
  /** The history of a run with violations stays, and its path is reported. */
  readonly keepHistory: boolean;
  readonly onProgress?: (report: HistoryReport) => void;
}

export interface HistoryReport {
  readonly seed: string;
  readonly operations: number;
  readonly reads: number;
  readonly acknowledged: number;
  /** Reads held against a promise, and those that came too late for it. */
  readonly checked: number;
  readonly unchecked: number;
  /** Of those held against a promise, those that a process answered by itself. */
  readonly checkedLocal: number;
  /** Events that came after their time had been looked at: 0 unless the run's book-keeping is wrong. */
  readonly late: number;
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
  readonly faultCount: number;
  readonly processes: number;
  readonly violationCounts: Readonly<Record<ViolationClass, number>>;
  /** The first hundred. */
  readonly violations: readonly Violation[];
  /** From the start of the workload to the first violation that the checker told; null without one. */
  readonly redAfterMs: number | null;
  readonly tookMs: number;
  readonly historyPath: string | null;
}

const ADVANCE_EVERY_MS = 50;
const PACE_EVERY_MS = 10;
/** A fleet that is dead, or a Redis that hangs, may need the next fault to get on. */
const GAP_MS_MAX = 5_000;
const PROGRESS_EVERY_MS = 10_000;
/** A fleet that cannot close its engines by then is a defect of its own. */
const STOP_MAX_MS = 20_000;

/** Runs one workload under its faults, and holds its history against the promise as it comes in. Rejects where the run itself went wrong. */
export async function runHistory(options: HistoryOptions): Promise<HistoryReport> {
  const { seed, scenario } = options;
  const dir = mkdtempSync(path.join(tmpdir(), 'sideboard-history-'));
  const log = new HistoryLog(dir);
  const redis = await startRedisServer({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
  const problems: string[] = [];
  const faults: Partial<Record<FaultKind, number>> = {};
  let [operations, reads, acknowledged, faultCount] = [0, 0, 0, 0];
  let redAfterMs: number | null = null;
  const startedUs = monotonicUs();
  const elapsedMs = () => (monotonicUs() - startedUs) / 1_000;
  const checker = new HistoryChecker({
    isIssued: (key, seq) => fleet.origin.isIssued(key, seq),
    boundUs: (scenario.l1BoundMs ?? 0) * 1_000,
    onViolation: () => {
      redAfterMs ??= elapsedMs();
    },
  });
  const openUndos = new Map<string, UndoBegun>();
  const add = (event: HistoryEvent) => {
    if (event.kind === 'undo-begun') openUndos.set(event.undo, event);
    else if (event.kind === 'undo-ended') openUndos.delete(event.undo);
    checker.add(event);
    if (event.kind === 'read') reads += 1;
    else if ('acked' in event && event.acked) acknowledged += 1;
  };
  const note = (event: HistoryEvent) => {
    add(event);
    log.append([event]);
  };
  const fleet: Fleet = new Fleet({
    seed,
    redisPort: redis.port,
    workerPath: options.workerPath,
    engineDir: options.engineDir,
    scenario,
    onEvents: (batch) => {
      operations += batch.operations;
      log.append(batch.events);
      for (const event of batch.events) add(event);
    },
    onGone: (process) => {
      // What it had begun may have happened, and nobody will say so any more.
      for (const { undo, entity, atUs, process: by } of openUndos.values()) {
        if (by !== process) continue;
        const end = { startUs: atUs, endUs: monotonicUs(), outcome: 'unknown', restored: 0, rev: 0 } as const;
        note({ kind: 'undo-ended', process, client: process, entity, undo, ...end });
      }
    },
    onProblem: (text) => problems.push(text),
  });
  const report = (historyPath: string | null): HistoryReport => ({
    seed,
    operations,
    reads,
    acknowledged,
    checked: checker.checked,
    checkedLocal: checker.checkedLocal,
    late: checker.late,
    unchecked: checker.unchecked,
    faults,
    faultCount,
    processes: fleet.started,
    violationCounts: checker.counts,
    violations: checker.violations,
    redAfterMs,
    tookMs: elapsedMs(),
    historyPath,
  });
  const over = () =>
    problems.length > 0 ||
    elapsedMs() >= options.timeMaxMs ||
    (options.stopAtViolation && redAfterMs !== null) ||
    options.signal?.aborted === true ||
    (operations >= options.operationsMin && reads >= (options.readsMin ?? 0) && faultCount >= options.faultsMin);
  /** Or until the run is over, or nobody gets on. */
  const untilOperations = async (dueAt: number) => {
    const untilMs = elapsedMs() + GAP_MS_MAX;
    while (!over() && operations < dueAt && elapsedMs() < untilMs) await pause(PACE_EVERY_MS);
  };
  const runLane = async (lane: FaultLane) => {
    for (const fault of planFaults(seed, lane, scenario)) {
      await untilOperations(operations + fault.afterOperations);
      if (over()) return;
      log.append([{ fault, atUs: monotonicUs() }]);
      await applyFault(fault, { redis, fleet, note });
      faults[fault.kind] = (faults[fault.kind] ?? 0) + 1;
      faultCount += 1;
    }
  };

  let red = true;
  try {
    const sinceUs = monotonicUs();
    await Promise.all(Array.from({ length: scenario.processes }, () => fleet.start(sinceUs)));
    // Nobody waits for a lane before the end, so one that fails says so itself.
    const lanes = Promise.all(LANES.map((lane) => runLane(lane).catch((error: unknown) => problems.push(`${lane}: ${error}`))));
    let toldMs = 0;
    while (!over()) {
      await pause(ADVANCE_EVERY_MS);
      checker.advance(Math.min(fleet.upToUs, monotonicUs()));
      if (elapsedMs() - toldMs < PROGRESS_EVERY_MS) continue;
      toldMs = elapsedMs();
      options.onProgress?.(report(null));
    }
    await lanes;
    if (fleet.standing !== scenario.processes) problems.push(`the fleet has ${fleet.standing} processes of ${scenario.processes}`);
    await Promise.race([fleet.stop(), pause(STOP_MAX_MS, undefined, { ref: false }).then(() => problems.push('the fleet did not stop'))]);
    checker.finish();
    if (problems.length > 0) throw new Error(`the run itself went wrong (seed ${seed}): ${problems.join('\n')}`);
    red = checker.violations.length > 0;
    return report(red && options.keepHistory ? log.path : null);
  } finally {
    await fleet.killAll();
    await redis.stop();
    log.close();
    if (!red || !options.keepHistory) rmSync(dir, { recursive: true, force: true });
  }
}
