import { Redis } from 'ioredis';
import { openLocalHitCounter } from '../count-local-hits.mjs';
import { LOCAL } from '../readers/local-readers.mjs';
import { startRedis } from '../start-redis.mjs';
import { startWorker } from '../start-worker.mjs';
import { median, round, table, thousands, turned } from '../summarize.mjs';

const LIMIT = 'lru-cache';
const PEER = 'layered-loader-memory';
const OWN = ['sideboard-l1', 'sideboard-l1-get'];
/** Turns that a reader has in a round. */
const PARTS = 10;
const OF_LIMIT_MIN = 0.53;
const OF_PEER_MIN = 3.5;

/** Hits of what the process itself holds: one caller in a loop, each hit awaited, one process for each reader, in turns. */
export async function l1({ rounds, ms, tell }) {
  const server = await startRedis();
  const redis = new Redis({ host: '127.0.0.1', port: server.port });
  const workers = new Map();
  let counter;
  try {
    for (const reader of Object.keys(LOCAL)) {
      const worker = await startWorker({ readers: [reader], port: server.port });
      workers.set(reader, worker);
      await worker.run('warmLocal', { reader });
      await worker.run('readLocalHits', { reader, ms: 400 });
    }
    counter = await openLocalHitCounter(server.port, redis);
    const runs = [];
    for (let turn = 1; turn <= rounds; turn += 1) {
      await counter.begin();
      runs.push(...(await runRound(workers, turn, ms)));
      const own = runs.filter((run) => run.round === turn);
      await counter.prove(own.filter((run) => OWN.includes(run.reader)).reduce((sum, run) => sum + run.reads, 0));
      tell(`round ${turn}, hits/s: ${own.map((run) => `${run.reader} ${thousands(run.hitsPerS)}`).join(', ')}`);
    }
    return { runs, ...conclude(runs) };
  } finally {
    await counter?.close();
    for (const worker of workers.values()) await worker.stop();
    redis.disconnect();
    await server.stop();
  }
}

/** In many short turns, since what else the machine does comes and goes: a reader has `ms` in all. */
async function runRound(workers, turn, ms) {
  const sums = new Map([...workers.keys()].map((reader) => [reader, { round: turn, reader, reads: 0, tookMs: 0, cpuMs: 0 }]));
  for (let part = 0; part < PARTS; part += 1) {
    for (const reader of turned([...workers.keys()], turn + part)) {
      const { reads, tookMs, cpuMs } = await workers.get(reader).run('readLocalHits', { reader, ms: ms / PARTS });
      const sum = sums.get(reader);
      sum.reads += reads;
      sum.tookMs += tookMs;
      sum.cpuMs += cpuMs;
    }
  }
  return [...sums.values()].map(({ tookMs, cpuMs, ...sum }) => ({
    ...sum,
    hitsPerS: Math.round((sum.reads / tookMs) * 1_000),
    hitNs: round((tookMs / sum.reads) * 1e6, 1),
    cpuNs: round((cpuMs / sum.reads) * 1e6, 1),
  }));
}

function conclude(runs) {
  const of = (reader) => runs.filter((run) => run.reader === reader);
  const ratio = (reader, base) => round(median(of(reader).map((run, i) => run.hitsPerS / of(base)[i].hitsPerS)), 2);
  const summary = Object.keys(LOCAL).map((reader) => ({
    reader,
    hitsPerS: median(of(reader).map((run) => run.hitsPerS)),
    hitNs: median(of(reader).map((run) => run.hitNs)),
    cpuNs: median(of(reader).map((run) => run.cpuNs)),
    ofLimit: ratio(reader, LIMIT),
    ofPeer: ratio(reader, PEER),
  }));
  const holds = OWN.map((reader) => summary.find((row) => row.reader === reader)).flatMap(({ reader, ofLimit, ofPeer }) => {
    const call = reader === 'sideboard-l1' ? 'getOrSet' : 'get';
    return [
      {
        what: `hits/s of ${call}, of an async function over lru-cache`,
        limit: `>= ${OF_LIMIT_MIN}`,
        value: ofLimit,
        held: ofLimit >= OF_LIMIT_MIN,
      },
      { what: `hits/s of ${call}, of layered-loader`, limit: `>= ${OF_PEER_MIN}`, value: ofPeer, held: ofPeer >= OF_PEER_MIN },
    ];
  });
  const rows = summary.map((row) => [
    LOCAL[row.reader].label,
    thousands(row.hitsPerS),
    thousands(row.hitNs),
    thousands(row.cpuNs),
    row.ofLimit.toFixed(2),
    row.ofPeer.toFixed(2),
  ]);
  return {
    summary,
    holds,
    markdown: table(['reader', 'hits/s', 'ns a hit', 'CPU ns a hit', 'of the awaited limit', 'of layered-loader'], rows),
  };
}
