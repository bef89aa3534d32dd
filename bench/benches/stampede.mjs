import { labelOf } from '../readers/open-reader.mjs';
import { startRedis } from '../start-redis.mjs';
import { startWorker } from '../start-worker.mjs';
import { median, round, table } from '../summarize.mjs';

const PROCESSES = 4;
const CALLERS = 250;
const ORIGIN_MS = 150;
/** For the order to reach every process before the moment that it names. */
const NOTICE_MS = 60;

/** Every caller of every process asks for one cold key at once. */
export async function stampede({ rounds, readers, tell }) {
  const redis = await startRedis();
  const workers = [];
  try {
    for (let i = 0; i < PROCESSES; i += 1) workers.push(await startWorker({ readers, port: redis.port }));
    const storm = async (reader, id, delayMs) => {
      const atMs = Date.now() + NOTICE_MS;
      const ends = await Promise.all(workers.map((worker) => worker.run('joinStampede', { reader, callers: CALLERS, id, delayMs, atMs })));
      const slowestMs = Math.max(...ends.map((end) => end.slowestMs));
      return {
        originCalls: ends.reduce((sum, end) => sum + end.originCalls, 0),
        slowestMs: round(slowestMs, 1),
        beyondMs: round(slowestMs - delayMs, 1),
      };
    };
    for (const reader of readers) for (const id of ['1-warm', '2-warm']) await storm(reader, id, 5);
    const runs = [];
    for (let turn = 1; turn <= rounds; turn += 1) {
      for (const reader of readers) runs.push({ round: turn, reader, ...(await storm(reader, `${turn}-cold`, ORIGIN_MS)) });
      const own = runs.filter((run) => run.round === turn);
      tell(`round ${turn}, origin calls, slowest ms: ${own.map((run) => `${run.reader} ${run.originCalls}, ${run.slowestMs}`).join('; ')}`);
    }
    return { processes: PROCESSES, callers: CALLERS, originMs: ORIGIN_MS, runs, ...conclude(runs, readers) };
  } finally {
    for (const worker of workers) await worker.stop();
    await redis.stop();
  }
}

function conclude(runs, readers) {
  const summary = readers.map((reader) => {
    const own = runs.filter((run) => run.reader === reader);
    return {
      reader,
      originCalls: median(own.map((run) => run.originCalls)),
      originCallsMax: Math.max(...own.map((run) => run.originCalls)),
      slowestMs: round(median(own.map((run) => run.slowestMs)), 1),
      beyondMs: round(median(own.map((run) => run.beyondMs)), 1),
    };
  });
  const { originCallsMax, beyondMs } = summary.find((row) => row.reader === 'sideboard');
  return {
    summary,
    holds: [
      { what: 'origin calls for one cold key, in every round', limit: '1', value: originCallsMax, held: originCallsMax === 1 },
      { what: 'slowest caller beyond the origin, ms', limit: '<= 30', value: beyondMs, held: beyondMs <= 30 },
    ],
    markdown: table(
      ['reader', 'origin calls', 'slowest caller ms', 'beyond the origin ms'],
      summary.map((row) => [labelOf(row.reader), row.originCalls, row.slowestMs, row.beyondMs]),
    ),
  };
}
