import { setTimeout as wait } from 'node:timers/promises';
import { labelOf } from '../readers/open-reader.mjs';
import { startRedis } from '../start-redis.mjs';
import { startWorker } from '../start-worker.mjs';
import { median, quantile, round, table } from '../summarize.mjs';

const PER_S = 200;
const ORIGIN_MS = 5;
const DEADLINE_MS = 100;
const NOTICE_MS = 200;
/** ms from the start. A request belongs to the phase in which it came. */
const HUNG_AT = 2_000;
const OPEN_BY = HUNG_AT + 1_000;
const DOWN_AT = HUNG_AT + 4_000;
const BACK_AT = DOWN_AT + 3_000;
const END_AT = BACK_AT + 3_000;
const ALIVE_MS = 50;
const PHASES = {
  healthy: [0, HUNG_AT],
  hung: [HUNG_AT, DOWN_AT],
  'hung, first second': [HUNG_AT, OPEN_BY],
  'hung, after that': [OPEN_BY, DOWN_AT],
  down: [DOWN_AT, BACK_AT],
  back: [BACK_AT, END_AT],
};

/** A Redis that hangs, is gone, and comes back empty; all readers live through the same outage, each in a process of its own. */
export async function outage({ rounds, readers, tell }) {
  const redis = await startRedis();
  const workers = new Map();
  try {
    for (const reader of readers) workers.set(reader, await startWorker({ readers: [reader], port: redis.port }));
    const runs = [];
    for (let turn = 1; turn <= rounds; turn += 1) {
      await Promise.all([...workers].map(([reader, worker]) => recover(worker, reader)));
      const atMs = Date.now() + NOTICE_MS;
      const until = (ms) => wait(Math.max(0, atMs + ms - Date.now()));
      const reading = Promise.all(
        [...workers].map(async ([reader, worker]) => {
          const order = { reader, perS: PER_S, forMs: END_AT, originMs: ORIGIN_MS, atMs };
          return [reader, await worker.run('readThroughOutage', order)];
        }),
      );
      const events = async () => {
        await until(HUNG_AT);
        redis.pause();
        await until(DOWN_AT);
        // What waits is answered; it dies while it works.
        redis.resume();
        await wait(ALIVE_MS);
        await redis.kill();
        await until(BACK_AT);
        await redis.restart();
      };
      const [ends] = await Promise.all([reading, events()]);
      for (const [reader, requests] of ends) runs.push({ round: turn, reader, phases: phasesOf(requests) });
      const own = runs.filter((run) => run.round === turn);
      tell(`round ${turn}, hung p99 / down p99 ms / errors: ${own.map(lineOf).join('; ')}`);
    }
    return { perS: PER_S, originMs: ORIGIN_MS, phases: PHASES, runs, ...conclude(runs, readers) };
  } finally {
    for (const worker of workers.values()) await worker.stop();
    await redis.stop();
  }
}

/** Until the reader is connected again and all its keys are there. */
async function recover(worker, reader) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await worker.run('seed', { reader });
    } catch (error) {
      if (tries === 50) throw error;
      await wait(200);
    }
  }
}

function phasesOf(requests) {
  return Object.fromEntries(
    Object.entries(PHASES).map(([phase, [from, to]]) => {
      const own = requests.filter(({ atMs }) => atMs >= from && atMs < to);
      const ms = own.map((request) => request.ms);
      const errors = own.filter((request) => request.failed).length;
      return [
        phase,
        {
          requests: own.length,
          p50Ms: round(quantile(ms, 0.5), 1),
          p99Ms: round(quantile(ms, 0.99), 1),
          maxMs: round(Math.max(...ms), 1),
          errors,
        },
      ];
    }),
  );
}

function errorsOf({ phases }) {
  return phases.healthy.errors + phases.hung.errors + phases.down.errors + phases.back.errors;
}

function lineOf(run) {
  return `${run.reader} ${run.phases.hung.p99Ms} / ${run.phases.down.p99Ms} / ${errorsOf(run)}`;
}

function conclude(runs, readers) {
  const summary = readers.map((reader) => {
    const own = runs.filter((run) => run.reader === reader);
    const middle = (phase, figure) => round(median(own.map((run) => run.phases[phase][figure])), 1);
    const phases = Object.fromEntries(
      Object.keys(PHASES).map((phase) => [
        phase,
        { p50Ms: middle(phase, 'p50Ms'), p99Ms: middle(phase, 'p99Ms'), maxMs: middle(phase, 'maxMs') },
      ]),
    );
    return { reader, phases, errors: Math.max(...own.map(errorsOf)) };
  });
  const { phases, errors } = summary.find((row) => row.reader === 'sideboard');
  const first = round(phases['hung, first second'].maxMs - ORIGIN_MS, 1);
  const after = round(phases['hung, after that'].p99Ms - ORIGIN_MS, 1);
  const down = round(phases.down.p99Ms - ORIGIN_MS, 1);
  const both = (phase) => `${phase.p50Ms} / ${phase.p99Ms}`;
  return {
    summary,
    holds: [
      {
        what: 'hung, first second: the slowest request beyond the origin, ms',
        limit: `<= ${DEADLINE_MS + 10}`,
        value: first,
        held: first <= DEADLINE_MS + 10,
      },
      { what: 'hung, after that: p99 beyond the origin, ms', limit: '<= 5', value: after, held: after <= 5 },
      { what: 'down: p99 beyond the origin, ms', limit: '<= 5', value: down, held: down <= 5 },
      { what: 'errors in any round', limit: '0', value: errors, held: errors === 0 },
    ],
    markdown: table(
      ['reader', 'healthy p50 / p99 ms', 'hung p50 / p99 ms', 'down p50 / p99 ms', 'back p50 / p99 ms', 'errors'],
      summary.map((row) => [
        labelOf(row.reader),
        both(row.phases.healthy),
        both(row.phases.hung),
        both(row.phases.down),
        both(row.phases.back),
        row.errors,
      ]),
    ),
  };
}
