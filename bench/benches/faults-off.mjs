import { labelOf } from '../readers/open-reader.mjs';
import { startRedis } from '../start-redis.mjs';
import { startWorker } from '../start-worker.mjs';
import { median, round, table, thousands } from '../summarize.mjs';

const CALLERS = 128;
/** Without the layer, without it once more, and with it: the first two differ by chance alone. */
const READERS = ['sideboard', 'sideboard-again', 'sideboard-faults'];
/** A round takes each in turn this often, so that a slow moment of the machine falls on all of them. */
const TURNS = 4;

/** What the layer of simulated failures costs a fleet whose owner allows them while none is on. Hits in Redis, as in `redis-hits`. */
export async function faultsOff({ rounds, ms, tell }) {
  const redis = await startRedis();
  const workers = new Map();
  try {
    for (const reader of READERS) {
      const worker = await startWorker({ readers: [reader], port: redis.port });
      workers.set(reader, worker);
      await worker.run('seed', { reader });
      await worker.run('readHits', { reader, callers: CALLERS, ms: 1_000 });
    }
    const runs = [];
    for (let turn = 1; turn <= rounds; turn += 1) {
      const figures = Object.fromEntries(READERS.map((reader) => [reader, []]));
      for (let at = 0; at < TURNS * READERS.length; at += 1) {
        // Each follows each of the others equally often.
        const reader = READERS[(at + Math.floor(at / READERS.length) + turn) % READERS.length];
        figures[reader].push(await workers.get(reader).run('readHits', { reader, callers: CALLERS, ms }));
      }
      for (const reader of READERS) runs.push({ round: turn, reader, ...middleOf(figures[reader]) });
      const own = runs.filter((run) => run.round === turn);
      tell(`round ${turn}, reads/s: ${own.map((run) => `${run.reader} ${thousands(run.readsPerS)}`).join(', ')}`);
    }
    return { callers: CALLERS, turns: TURNS, runs, ...conclude(runs) };
  } finally {
    for (const worker of workers.values()) await worker.stop();
    await redis.stop();
  }
}

function middleOf(figures) {
  return Object.fromEntries(['readsPerS', 'cpuUs', 'p50Ms', 'p99Ms'].map((name) => [name, median(figures.map((one) => one[name]))]));
}

function conclude(runs) {
  const of = (reader) => runs.filter((run) => run.reader === reader);
  /** Of the first reader, within each round. */
  const ratios = (reader, figure) => of(reader).map((run, i) => run[figure] / of('sideboard')[i][figure]);
  const summary = READERS.map((reader) => ({
    reader,
    readsPerS: median(of(reader).map((run) => run.readsPerS)),
    ofFirst: round(median(ratios(reader, 'readsPerS'))),
    ofFirstMin: round(Math.min(...ratios(reader, 'readsPerS'))),
    ofFirstMax: round(Math.max(...ratios(reader, 'readsPerS'))),
    cpuUs: round(median(of(reader).map((run) => run.cpuUs)), 2),
    cpuOfFirst: round(median(ratios(reader, 'cpuUs'))),
  }));
  const noise = round(Math.max(...ratios('sideboard-again', 'readsPerS').map((ratio) => Math.abs(ratio - 1))));
  const { ofFirst } = summary.find((row) => row.reader === 'sideboard-faults');
  return {
    summary,
    noise,
    holds: [
      {
        what: 'faults allowed and none on: reads/s at 128 callers, of an engine without them',
        limit: `>= 1 - noise = ${round(1 - noise)}`,
        value: ofFirst,
        held: ofFirst >= 1 - noise,
      },
    ],
    markdown: `${table(
      ['reader', 'reads/s', 'of the first, median', 'lowest to highest round', 'CPU us/read', 'CPU of the first'],
      summary.map((row) => [
        labelOf(row.reader),
        thousands(row.readsPerS),
        row.ofFirst.toFixed(3),
        `${row.ofFirstMin.toFixed(3)} to ${row.ofFirstMax.toFixed(3)}`,
        row.cpuUs.toFixed(2),
        row.cpuOfFirst.toFixed(3),
      ]),
    )}\n\nNoise: the first two are the same engine in two processes, and differ by up to ${(noise * 100).toFixed(1)}% in a round.`,
  };
}
