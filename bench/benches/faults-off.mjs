import { labelOf } from '../readers/open-reader.mjs';
import { startRedis } from '../start-redis.mjs';
import { median, round, table, thousands } from '../summarize.mjs';
import { withSeededWorkers } from '../with-seeded-workers.mjs';

const CALLERS = 128;
/** Without the layer, without it once more, and with it: the first two differ by chance alone. */
const READERS = ['sideboard', 'sideboard-again', 'sideboard-faults'];
/** A round takes each in turn this often, so that a slow moment of the machine falls on all of them. */
const TURNS = 4;

/** What the layer of simulated failures costs a fleet whose owner allows them while none is on. Hits in Redis, as in `redis-hits`. */
export async function faultsOff({ rounds, ms, tell }) {
  const redis = await startRedis();
  try {
    return await withSeededWorkers(READERS, { port: redis.port, warmCallers: [CALLERS], warmMs: 1_000 }, async (workers) => {
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
    });
  } finally {
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
    readsOfFirst: spreadOf(ratios(reader, 'readsPerS')),
    cpuUs: round(median(of(reader).map((run) => run.cpuUs)), 2),
    cpuOfFirst: spreadOf(ratios(reader, 'cpuUs')),
  }));
  const [, again, faults] = summary;
  const noise = { reads: noiseOf(again.readsOfFirst), cpu: noiseOf(again.cpuOfFirst) };
  return {
    summary,
    noise,
    holds: [
      {
        what: 'faults allowed and none on: reads/s at 128 callers, of an engine without them',
        limit: `>= 1 - noise = ${round(1 - noise.reads)}`,
        value: faults.readsOfFirst.middle,
        held: faults.readsOfFirst.middle >= 1 - noise.reads,
      },
      {
        what: 'faults allowed and none on: CPU per read, of an engine without them',
        limit: `<= 1 + noise = ${round(1 + noise.cpu)}`,
        value: faults.cpuOfFirst.middle,
        held: faults.cpuOfFirst.middle <= 1 + noise.cpu,
      },
    ],
    markdown: `${table(
      [
        'reader',
        'reads/s',
        'of the first: median (lowest to highest round)',
        'CPU us/read',
        'of the first: median (lowest to highest round)',
      ],
      summary.map((row) => [
        labelOf(row.reader),
        thousands(row.readsPerS),
        textOf(row.readsOfFirst),
        row.cpuUs.toFixed(2),
        textOf(row.cpuOfFirst),
      ]),
    )}\n\nNoise: the first two are the same engine in two processes, and differ in a round by up to ${percent(noise.reads)} in reads/s and ${percent(noise.cpu)} in CPU.`,
  };
}

function spreadOf(ratios) {
  return { middle: round(median(ratios)), min: round(Math.min(...ratios)), max: round(Math.max(...ratios)) };
}

function noiseOf({ min, max }) {
  return round(Math.max(1 - min, max - 1));
}

function textOf({ middle, min, max }) {
  return `${middle.toFixed(3)} (${min.toFixed(3)} to ${max.toFixed(3)})`;
}

function percent(share) {
  return `${(share * 100).toFixed(1)}%`;
}
