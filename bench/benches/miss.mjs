import { labelOf } from '../readers/open-reader.mjs';
import { startRedis } from '../start-redis.mjs';
import { startWorker } from '../start-worker.mjs';
import { median, round, table } from '../summarize.mjs';

const ORIGIN_MS = 20;
const CALLERS = 4;
const READS = 30;

/** What a caller of a cold key waits beyond the origin: the lease's round trips, and the fill where a reader waits for it. */
export async function miss({ rounds, readers, tell }) {
  const all = ['bare', ...readers];
  const redis = await startRedis();
  const workers = new Map();
  try {
    for (const reader of all) {
      workers.set(reader, await startWorker({ readers: [reader], port: redis.port }));
      await workers.get(reader).run('readMisses', { reader, callers: CALLERS, reads: 50, delayMs: 1, run: 'warm' });
    }
    const runs = [];
    for (let round = 1; round <= rounds; round += 1) {
      for (const reader of all) {
        const { waited, beyond } = await workers
          .get(reader)
          .run('readMisses', { reader, callers: CALLERS, reads: READS, delayMs: ORIGIN_MS, run: round });
        runs.push({ round, reader, waited, beyond });
      }
      const own = runs.filter((run) => run.round === round);
      tell(
        `round ${round}, beyond the origin, p50 / p99 ms: ${own.map((run) => `${run.reader} ${run.beyond.p50Ms} / ${run.beyond.p99Ms}`).join(', ')}`,
      );
    }
    return { originMs: ORIGIN_MS, callers: CALLERS, reads: CALLERS * READS, runs, ...conclude(runs, all) };
  } finally {
    for (const worker of workers.values()) await worker.stop();
    await redis.stop();
  }
}

function conclude(runs, all) {
  const summary = all.map((reader) => {
    const own = runs.filter((run) => run.reader === reader);
    const middle = (of, figure) => round(median(own.map((run) => run[of][figure])));
    return {
      reader,
      waitedP50Ms: middle('waited', 'p50Ms'),
      waitedP99Ms: middle('waited', 'p99Ms'),
      beyondP50Ms: middle('beyond', 'p50Ms'),
      beyondP99Ms: middle('beyond', 'p99Ms'),
    };
  });
  const { beyondP50Ms, beyondP99Ms } = summary.find((row) => row.reader === 'sideboard');
  return {
    summary,
    holds: [
      { what: 'a miss waits beyond the origin, p50 ms', limit: '<= 2', value: beyondP50Ms, held: beyondP50Ms <= 2 },
      { what: 'a miss waits beyond the origin, p99 ms', limit: '<= 2', value: beyondP99Ms, held: beyondP99Ms <= 2 },
    ],
    markdown: table(
      ['reader', 'waited p50 ms', 'p99 ms', 'beyond the origin p50 ms', 'p99 ms'],
      summary.map((row) => [labelOf(row.reader), row.waitedP50Ms, row.waitedP99Ms, row.beyondP50Ms, row.beyondP99Ms]),
    ),
  };
}
