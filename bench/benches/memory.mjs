import { startMuteProxy } from '../start-mute-proxy.mjs';
import { startRedis } from '../start-redis.mjs';
import { startWorker } from '../start-worker.mjs';
import { median, round, table, thousands } from '../summarize.mjs';

const HELD = 8_192;
/** Asked for in one turn of the event loop. */
const PER_TURN = 512;
const STEPS = 10;
const GROWTH_MB_MAX = 1;
const EXPOSE_GC = ['--expose-gc'];
const LABELS = { raw: 'raw ioredis, one GET each', sideboard: '**sideboard**' };

/** What a read in flight weighs beyond its key, its promise and all that waits with it; and whether reading leaves anything behind. */
export async function memory({ rounds, reads, tell }) {
  const redis = await startRedis();
  try {
    const runs = [];
    for (let turn = 1; turn <= rounds; turn += 1) {
      for (const reader of Object.keys(LABELS)) {
        // Nothing but the test itself may run in it, and no earlier round.
        const proxy = await startMuteProxy(redis.port);
        const worker = await startWorker({ readers: [reader], port: proxy.port, execArgv: EXPOSE_GC, deadlineMs: 60_000 });
        try {
          await worker.run('seed', { reader });
          proxy.mute();
          runs.push({ round: turn, reader, ...(await worker.run('holdReads', { reader, count: HELD, perTurn: PER_TURN })) });
        } finally {
          await worker.stop();
          proxy.stop();
        }
      }
      const own = runs.filter((run) => run.round === turn);
      tell(`round ${turn}, bytes beyond the key: ${own.map((run) => `${run.reader} ${run.beyondKeyBytes}`).join(', ')}`);
    }
    const growth = await grow(redis, reads, tell);
    return { held: HELD, perTurn: PER_TURN, runs, growth, ...conclude(runs, growth) };
  } finally {
    await redis.stop();
  }
}

async function grow(redis, reads, tell) {
  const worker = await startWorker({ readers: ['sideboard'], port: redis.port, execArgv: EXPOSE_GC });
  try {
    await worker.run('seed', { reader: 'sideboard' });
    await worker.run('keepReading', { reader: 'sideboard', reads: 200_000 });
    const steps = [];
    for (let step = 1; step <= STEPS; step += 1) {
      const { heapBytes, rssBytes } = await worker.run('keepReading', { reader: 'sideboard', reads: Math.ceil(reads / STEPS) });
      steps.push({ reads: step * Math.ceil(reads / STEPS), heapBytes, rssBytes });
      tell(`after ${thousands(step * Math.ceil(reads / STEPS))} reads: heap ${megabytes(heapBytes)} MB, RSS ${megabytes(rssBytes)} MB`);
    }
    // Of the whole run, from the line through all steps.
    const of = (figure) => round((slope(steps.map((step) => [step.reads, step[figure]])) * reads) / 2 ** 20, 2);
    return { reads, steps, heapMb: of('heapBytes'), rssMb: of('rssBytes') };
  } finally {
    await worker.stop();
  }
}

/** Least squares. @param {[number, number][]} points */
function slope(points) {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanX = mean(points.map(([x]) => x));
  const meanY = mean(points.map(([, y]) => y));
  const above = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return above / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
}

function megabytes(bytes) {
  return (bytes / 2 ** 20).toFixed(1);
}

function conclude(runs, growth) {
  const summary = Object.keys(LABELS).map((reader) => {
    const own = runs.filter((run) => run.reader === reader);
    return { reader, bytes: median(own.map((run) => run.bytes)), beyondKeyBytes: median(own.map((run) => run.beyondKeyBytes)) };
  });
  const { beyondKeyBytes } = summary.find((row) => row.reader === 'sideboard');
  const rows = summary.map((row) => [LABELS[row.reader], row.bytes, row.beyondKeyBytes]);
  return {
    summary,
    holds: [
      { what: 'bytes per read in flight, beyond the key', limit: '<= 200', value: beyondKeyBytes, held: beyondKeyBytes <= 200 },
      {
        what: `growth of the heap over ${thousands(growth.reads)} reads, MB`,
        limit: `<= ${GROWTH_MB_MAX}`,
        value: growth.heapMb,
        held: growth.heapMb <= GROWTH_MB_MAX,
      },
    ],
    markdown: `${table(['reader', 'bytes per read in flight', 'beyond the key'], rows)}\n\nOver ${thousands(growth.reads)} reads the heap grew by ${growth.heapMb} MB and the process by ${growth.rssMb} MB.`,
  };
}
