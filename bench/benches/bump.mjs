import { Redis } from 'ioredis';
import { labelOf } from '../readers/open-reader.mjs';
import { startRedis } from '../start-redis.mjs';
import { startWorker } from '../start-worker.mjs';
import { median, round, table, thousands } from '../summarize.mjs';

const INSTANCES = 3;
const PEERS = ['async-cache-dedupe', 'layered-loader', 'layered-loader-groups', 'cacheable', 'cache-manager', 'bentocache'];
/** Peers walk their keys one by one, so they get fewer. */
const PEER_KEYS = 100_000;
const VALUE_BYTES = 64;
const PIPELINE = 1_000;

/** Everything of one entity is unreachable at once, and every instance says so; beside it, what peers take to clear a namespace. */
export async function bump({ rounds, keys, tell }) {
  const redis = await startRedis({ args: ['--enable-debug-command', 'yes'] });
  const client = new Redis({ host: '127.0.0.1', port: redis.port });
  const workers = [];
  try {
    const peers = await clearPeers(redis, client, rounds, tell);
    const prefix = await entityPrefix(redis, client);
    tell(`filling ${thousands(keys)} keys under ${prefix}`);
    // Keys as the engine writes them: `<prefix>:<number>`.
    await client.call('DEBUG', 'POPULATE', String(keys), prefix, String(VALUE_BYTES));
    const stored = await client.dbsize();
    for (let i = 0; i < INSTANCES; i += 1) workers.push(await startWorker({ readers: ['sideboard'], port: redis.port }));
    const runs = [];
    for (let turn = 1; turn <= rounds; turn += 1) {
      const { ms, ackedBy, pending } = await workers[turn % INSTANCES].run('bump', { reader: 'sideboard' });
      runs.push({ round: turn, ms: round(ms, 2), ackedBy, pending });
      tell(`round ${turn}: ${ms.toFixed(2)} ms, acknowledged by ${ackedBy}, pending ${pending}`);
    }
    return { instances: INSTANCES, keys: stored, peerKeys: PEER_KEYS, runs, peers, ...conclude(runs, peers, stored) };
  } finally {
    for (const worker of workers) await worker.stop();
    client.disconnect();
    await redis.stop();
  }
}

/** Where the entity's keys lie under the version that stands. */
async function entityPrefix(redis, client) {
  const worker = await startWorker({ readers: ['sideboard'], port: redis.port });
  await worker.run('seed', { reader: 'sideboard' });
  // It leaves the fleet, or the bump would wait for it.
  await worker.run('close', { reader: 'sideboard' });
  await worker.stop();
  const [key] = await client.keys('bench:shop:*:product:7');
  return key.slice(0, key.lastIndexOf(':'));
}

async function clearPeers(redis, client, rounds, tell) {
  const worker = await startWorker({ readers: PEERS, port: redis.port });
  const runs = [];
  try {
    for (let turn = 1; turn <= rounds; turn += 1) {
      for (const reader of PEERS) {
        await client.flushall();
        for (let from = 0; from < PEER_KEYS; from += PIPELINE) {
          const names = await worker.run('keysOf', { reader, from, to: from + PIPELINE });
          const pipeline = client.pipeline();
          for (const name of names) pipeline.set(name, 'x'.repeat(VALUE_BYTES), 'EX', 3_600);
          await pipeline.exec();
        }
        const { ms } = await worker.run('clear', { reader });
        runs.push({ round: turn, reader, ms: round(ms, 1), left: await client.dbsize() });
      }
      const own = runs.filter((run) => run.round === turn);
      tell(`round ${turn}, ${thousands(PEER_KEYS)} keys cleared in ms: ${own.map((run) => `${run.reader} ${run.ms}`).join(', ')}`);
    }
  } finally {
    await worker.stop();
    await client.flushall();
  }
  return runs;
}

function conclude(runs, peers, stored) {
  const ms = round(median(runs.map((run) => run.ms)), 2);
  const missing = runs.filter((run) => run.pending > 0 || run.ackedBy < INSTANCES).length;
  const rows = PEERS.map((reader) => {
    const own = peers.filter((run) => run.reader === reader);
    return [labelOf(reader), thousands(PEER_KEYS), round(median(own.map((run) => run.ms)), 1), 'its own'];
  });
  return {
    summary: { ms, maxMs: Math.max(...runs.map((run) => run.ms)) },
    holds: [
      { what: `a bump over ${thousands(stored)} keys, acknowledged by every instance, ms`, limit: '<= 50', value: ms, held: ms <= 50 },
      { what: 'rounds in which an instance did not acknowledge', limit: '0', value: missing, held: missing === 0 },
    ],
    markdown: table(
      ['reader', 'keys', 'ms', 'known to instances'],
      [...rows, ['**sideboard**', thousands(stored), ms, `${INSTANCES} of ${INSTANCES}`]],
    ),
  };
}
