import { labelOf } from '../readers/open-reader.mjs';
import { startRedis } from '../start-redis.mjs';
import { startWorker } from '../start-worker.mjs';
import { median, round, table } from '../summarize.mjs';

const ORIGIN_MS = 20;
const CALLERS = 4;
/** A process that has just begun is still being compiled, beside its reads; one that has run in is not. */
const STAGES = [
  { stage: 'begun', name: 'just begun', missesBefore: 200, reads: 30 },
  { stage: 'runIn', name: 'run in', missesBefore: 10_000, reads: 100 },
];

/** What a caller of a cold key waits beyond the origin: the lease's round trips, and the fill where a reader waits for it. */
export async function miss({ rounds, readers, tell }) {
  const all = ['bare', ...readers];
  const redis = await startRedis();
  const workers = new Map();
  const runs = [];
  try {
    for (const reader of all) workers.set(reader, await startWorker({ readers: [reader], port: redis.port }));
    for (const { stage, name, missesBefore, reads } of STAGES) {
      for (const [reader, worker] of workers) {
        const before = { reader, callers: CALLERS, reads: missesBefore / CALLERS, delayMs: 1, run: `before ${stage}` };
        await worker.run('readMisses', before);
      }
      for (let round = 1; round <= rounds; round += 1) {
        for (const [reader, worker] of workers) {
          const options = { reader, callers: CALLERS, reads, delayMs: ORIGIN_MS, run: `${stage} ${round}` };
          runs.push({ stage, round, reader, ...(await worker.run('readMisses', options)) });
        }
        const own = runs.filter((run) => run.stage === stage && run.round === round);
        tell(
          `${name}, round ${round}, beyond the origin, p50 / p99 ms: ${own.map((run) => `${run.reader} ${run.beyond.p50Ms} / ${run.beyond.p99Ms}`).join(', ')}`,
        );
      }
    }
    return { originMs: ORIGIN_MS, callers: CALLERS, stages: STAGES, runs, ...conclude(runs, all) };
  } finally {
    for (const worker of workers.values()) await worker.stop();
    await redis.stop();
  }
}

function conclude(runs, all) {
  const summary = all.map((reader) => {
    const middle = (stage, figure) =>
      round(median(runs.filter((run) => run.reader === reader && run.stage === stage).map((run) => run.beyond[figure])));
    return {
      reader,
      ...Object.fromEntries(STAGES.map(({ stage }) => [stage, { p50Ms: middle(stage, 'p50Ms'), p99Ms: middle(stage, 'p99Ms') }])),
    };
  });
  const own = summary.find((row) => row.reader === 'sideboard');
  return {
    summary,
    holds: STAGES.flatMap(({ stage, name }) =>
      ['p50Ms', 'p99Ms'].map((figure) => ({
        what: `a miss waits beyond the origin, in a process that has ${name}, ${figure.slice(0, 3)} ms`,
        limit: '<= 2',
        value: own[stage][figure],
        held: own[stage][figure] <= 2,
      })),
    ),
    markdown: table(
      ['reader, ms beyond the origin', ...STAGES.flatMap(({ name }) => [`${name}, p50`, 'p99'])],
      summary.map((row) => [labelOf(row.reader), ...STAGES.flatMap(({ stage }) => [row[stage].p50Ms, row[stage].p99Ms])]),
    ),
  };
}
