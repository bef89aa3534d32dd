import { labelOf } from '../readers/open-reader.mjs';
import { startRedis } from '../start-redis.mjs';
import { startSeededWorkers } from '../start-seeded-workers.mjs';
import { median, round, table, thousands, turned } from '../summarize.mjs';

const CALLERS = [1, 16, 128, 512];

/** All hits, no tier in the process: one process for each reader, one of them busy at a time, in turns. */
export async function redisHits({ rounds, ms, readers, tell }) {
  const redis = await startRedis();
  const workers = new Map();
  try {
    await startSeededWorkers(workers, readers, { port: redis.port, warmCallers: [128, 1], warmMs: 400 });
    const runs = [];
    for (let round = 1; round <= rounds; round += 1) {
      for (const callers of CALLERS) {
        for (const reader of turned(readers, round)) {
          const figures = await workers.get(reader).run('readHits', { reader, callers, ms });
          runs.push({ round, callers, reader, ...figures });
        }
        tell(`round ${round}, ${callers} callers: ${lineOf(runs, round, callers)}`);
      }
    }
    return { runs, ...conclude(runs, readers) };
  } finally {
    for (const worker of workers.values()) await worker.stop();
    await redis.stop();
  }
}

function lineOf(runs, round, callers) {
  return runs
    .filter((run) => run.round === round && run.callers === callers)
    .map((run) => `${run.reader} ${thousands(run.readsPerS)}`)
    .join(', ');
}

function conclude(runs, readers) {
  const summary = CALLERS.flatMap((callers) =>
    readers.map((reader) => {
      const own = runs.filter((run) => run.callers === callers && run.reader === reader);
      const raw = runs.filter((run) => run.callers === callers && run.reader === 'raw');
      const middle = (figure) => median(own.map((run) => run[figure]));
      const ratio = (figure) => round(median(own.map((run, i) => run[figure] / (raw[i]?.[figure] ?? Number.NaN))), 2);
      return {
        callers,
        reader,
        readsPerS: middle('readsPerS'),
        cpuUs: round(middle('cpuUs'), 2),
        p50Ms: middle('p50Ms'),
        p99Ms: middle('p99Ms'),
        ofRaw: ratio('readsPerS'),
        latencyOfRaw: ratio('p50Ms'),
      };
    }),
  );
  const own = (callers) => summary.find((row) => row.callers === callers && row.reader === 'sideboard');
  const holds = [
    { what: 'reads/s at 128 callers, of raw ioredis', limit: '>= 2', value: own(128).ofRaw, held: own(128).ofRaw >= 2 },
    {
      what: 'latency of one sequential caller, of raw ioredis',
      limit: '<= 1.2',
      value: own(1).latencyOfRaw,
      held: own(1).latencyOfRaw <= 1.2,
    },
  ];
  const tables = CALLERS.map((callers) => {
    const rows = summary.filter((row) => row.callers === callers);
    return `${callers === 1 ? '1 caller' : `${callers} callers`}:\n\n${table(
      ['reader', 'reads/s', 'of raw', 'CPU us/read', 'p50 ms', 'p99 ms'],
      rows.map((row) => [labelOf(row.reader), thousands(row.readsPerS), row.ofRaw.toFixed(2), row.cpuUs.toFixed(1), row.p50Ms, row.p99Ms]),
    )}`;
  });
  return { summary, holds, markdown: tables.join('\n\n') };
}
