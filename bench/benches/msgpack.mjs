import { createOperator } from 'sideboard-engine';
import { labelOf } from '../readers/open-reader.mjs';
import { startRedis } from '../start-redis.mjs';
import { startWorker } from '../start-worker.mjs';
import { median, round, table, thousands, turned } from '../summarize.mjs';
import { withSeededWorkers } from '../with-seeded-workers.mjs';

const CALLERS = 128;
/** Raw ioredis in whichever of its two states, and in the quicker one (see redis-hits). */
const READERS = ['raw', 'raw-young', 'sideboard', 'sideboard-msgpack'];
const OF_RAW_MIN = 3;
const OF_JSON_MAX = 0.5;
/** An entry whose shapes are written out within it takes a hundred bytes more. */
const STORED_BYTES_MAX = 850;
const CODEC_LABELS = {
  'JSON.parse': 'JSON.parse and JSON.stringify, of a text',
  msgpackr: 'msgpackr with shared structures, of bytes',
  'engine-json': '**sideboard**, json',
  'engine-msgpack': '**sideboard**, msgpack',
};

/** Strict hits in Redis with MessagePack beside JSON, and what the codecs take by themselves. New processes in each round, as in redis-hits. */
export async function msgpack({ rounds, ms, tell }) {
  const redis = await startRedis();
  const codecs = await startWorker({ readers: ['bare'], port: redis.port });
  try {
    // Compiled, before anything is timed.
    await codecs.run('timeCodecs', { reader: 'bare', turn: 0 });
    const runs = [];
    const codecRuns = [];
    for (let turn = 1; turn <= rounds; turn += 1) {
      await withSeededWorkers(READERS, { port: redis.port, warmCallers: [CALLERS], warmMs: 1_000 }, async (workers) => {
        const own = workers.get('sideboard-msgpack');
        await fillAnew(own, redis.port);
        await own.run('readHits', { reader: 'sideboard-msgpack', callers: CALLERS, ms: 1_000 });
        for (const reader of turned(READERS, turn)) {
          runs.push({ round: turn, reader, ...(await workers.get(reader).run('readHits', { reader, callers: CALLERS, ms })) });
        }
      });
      const timed = await codecs.run('timeCodecs', { reader: 'bare', turn });
      codecRuns.push(...timed.map((one) => ({ round: turn, ...one })));
      const reads = runs.filter((run) => run.round === turn).map((run) => `${run.reader} ${thousands(run.readsPerS)}`);
      tell(`round ${turn}, reads/s: ${reads.join(', ')}; decode us: ${timed.map((one) => `${one.codec} ${one.decodeUs}`).join(', ')}`);
    }
    return { callers: CALLERS, runs, codecRuns, ...conclude(runs, codecRuns) };
  } finally {
    await codecs.stop();
    await redis.stop();
  }
}

/** The first entries of all were written before their shapes were known; in a service they are soon gone. */
async function fillAnew(worker, port) {
  const reader = 'sideboard-msgpack';
  const ref = { env: 'bench', service: 'shop-msgpack' };
  const operator = createOperator({ redis: { host: '127.0.0.1', port } });
  try {
    await operator.ready();
    await worker.run('dropAll', { reader });
    await worker.run('seed', { reader });
    for (const id of ['0', '1', '1999']) {
      const content = (await operator.find(ref, 'product', id))?.content;
      if (content?.kind !== 'envelope' || content.codec !== 'msgpack' || content.storedBytes > STORED_BYTES_MAX) {
        throw new Error(`entry ${id} is not written with the shared set: ${JSON.stringify(content)}`);
      }
    }
  } finally {
    await operator.close();
  }
}

function conclude(runs, codecRuns) {
  const of = (reader) => runs.filter((run) => run.reader === reader);
  const summary = READERS.map((reader) => ({
    reader,
    readsPerS: median(of(reader).map((run) => run.readsPerS)),
    cpuUs: round(median(of(reader).map((run) => run.cpuUs)), 2),
    p99Ms: round(median(of(reader).map((run) => run.p99Ms))),
    ofRaw: round(median(of(reader).map((run, i) => run.readsPerS / of('raw')[i].readsPerS)), 2),
  }));
  const timed = (codec) => codecRuns.filter((run) => run.codec === codec);
  const codecs = Object.keys(CODEC_LABELS).map((codec) => ({
    codec,
    bytes: timed(codec)[0].bytes,
    decodeUs: median(timed(codec).map((run) => run.decodeUs)),
    encodeUs: median(timed(codec).map((run) => run.encodeUs)),
    decodeOfJson: round(median(timed(codec).map((run, i) => run.decodeUs / timed('JSON.parse')[i].decodeUs)), 2),
  }));
  const { ofRaw } = summary.find((row) => row.reader === 'sideboard-msgpack');
  const { decodeOfJson } = codecs.find((row) => row.codec === 'engine-msgpack');
  const reads = table(
    ['reader, 128 callers', 'reads/s', 'of raw', 'CPU us/read', 'p99 ms'],
    summary.map((row) => [labelOf(row.reader), thousands(row.readsPerS), row.ofRaw.toFixed(2), row.cpuUs.toFixed(1), row.p99Ms]),
  );
  const times = table(
    ['codec', 'bytes', 'decode us', 'of JSON.parse', 'encode us'],
    codecs.map((row) => [
      CODEC_LABELS[row.codec],
      thousands(row.bytes),
      row.decodeUs.toFixed(2),
      row.decodeOfJson.toFixed(2),
      row.encodeUs.toFixed(2),
    ]),
  );
  return {
    summary,
    codecs,
    holds: [
      { what: 'reads/s with msgpack at 128 callers, of raw ioredis', limit: `>= ${OF_RAW_MIN}`, value: ofRaw, held: ofRaw >= OF_RAW_MIN },
      {
        what: 'decoding the 1 KB object with msgpack, of JSON.parse',
        limit: `<= ${OF_JSON_MAX}`,
        value: decodeOfJson,
        held: decodeOfJson <= OF_JSON_MAX,
      },
    ],
    markdown: `${reads}\n\n${times}`,
  };
}
