import { labelOf } from '../readers/open-reader.mjs';
import { startRedis } from '../start-redis.mjs';
import { median, round, table, thousands, turned } from '../summarize.mjs';
import { withSeededWorkers } from '../with-seeded-workers.mjs';

const CALLERS = [1, 16, 128, 512];
/** In each round every reader has so many short turns: a processor that falls asleep or wakes up, which changes a round trip threefold, falls on all of them. */
const TURNS = 4;
/** Beside the peers: raw ioredis in the quicker of its two states, and what no reader that batches can be above. */
const BOUNDS = ['raw-young', 'mget-loop'];

/**
 * All hits, no tier in the process: one process for each reader, one of them busy at a time, in turns. New ones in each round: in some
 * processes V8 takes raw ioredis's replies for long-lived and in others it does not, and which of them it was stays until the end.
 */
export async function redisHits({ rounds, ms, readers: peers, tell }) {
  const readers = [...peers, ...BOUNDS];
  const redis = await startRedis();
  try {
    const runs = [];
    for (let round = 1; round <= rounds; round += 1) {
      await withSeededWorkers(readers, { port: redis.port, warmCallers: [128, 1], warmMs: 1_000 }, async (workers) => {
        for (const callers of CALLERS) {
          for (let turn = 1; turn <= TURNS; turn += 1) {
            for (const reader of turned(readers, round + turn)) {
              const figures = await workers.get(reader).run('readHits', { reader, callers, ms: ms / TURNS });
              runs.push({ round, turn, callers, reader, ...figures });
            }
          }
          const line = readers.map((reader) => `${reader} ${thousands(readsPerS(runs, { round, callers, reader }))}`);
          tell(`round ${round}, ${callers} callers: ${line.join(', ')}`);
        }
      });
    }
    return { runs, ...conclude(runs, readers) };
  } finally {
    await redis.stop();
  }
}

/** Of its turns in a round. */
function readsPerS(runs, { round, callers, reader }) {
  const own = runs.filter((run) => run.round === round && run.callers === callers && run.reader === reader);
  return median(own.map((run) => run.readsPerS));
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
        p50Ms: round(middle('p50Ms')),
        p99Ms: round(middle('p99Ms')),
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
  return { summary, holds, markdown: [...tables, `128 callers, each round:\n\n${eachRound(runs, 128)}`].join('\n\n') };
}

function eachRound(runs, callers) {
  const readers = ['raw', ...BOUNDS, 'sideboard'];
  const bounds = readers.slice(0, -1);
  const rounds = [...new Set(runs.map(({ round }) => round))];
  return table(
    ['round', ...readers.map(labelOf), ...bounds.map((bound) => `of ${bound}`)],
    rounds.map((round) => {
      const made = (reader) => readsPerS(runs, { round, callers, reader });
      return [
        round,
        ...readers.map((reader) => thousands(made(reader))),
        ...bounds.map((bound) => (made('sideboard') / made(bound)).toFixed(2)),
      ];
    }),
  );
}
