import { startRedis } from '../start-redis.mjs';
import { startWorker } from '../start-worker.mjs';
import { median, round, table, thousands } from '../summarize.mjs';

const ENTRIES = 100_000;
const OF_VALUES_MAX = 1.3;
const EXPOSE_GC = ['--expose-gc'];
/** Room for all of them, by the engine's own count. */
const L1 = { itemsMax: ENTRIES, bytesMax: 512 << 20 };

/** What 100,000 entries take that the process holds, beside their values in a list. Both in processes of their own. */
export async function l1Memory({ rounds, tell }) {
  const redis = await startRedis();
  const inProcess = async (reader, options, run) => {
    const worker = await startWorker({ readers: [reader], port: redis.port, ...options });
    try {
      return await run(worker);
    } finally {
      await worker.stop();
    }
  };
  try {
    await inProcess('sideboard', {}, (worker) => worker.run('seed', { reader: 'sideboard', products: ENTRIES }));
    const runs = [];
    for (let turn = 1; turn <= rounds; turn += 1) {
      const values = await inProcess('bare', { execArgv: EXPOSE_GC }, (worker) =>
        worker.run('holdValues', { reader: 'bare', count: ENTRIES }),
      );
      const entries = await inProcess('sideboard-l1', { execArgv: EXPOSE_GC, l1: L1 }, (worker) =>
        worker.run('holdLocal', { reader: 'sideboard-l1', count: ENTRIES }),
      );
      runs.push({ round: turn, valueBytes: values.bytes, entryBytes: entries.bytes, ofValues: round(entries.bytes / values.bytes) });
      tell(`round ${turn}, bytes: a value ${values.bytes}, an entry ${entries.bytes}`);
    }
    return { entries: ENTRIES, runs, ...conclude(runs) };
  } finally {
    await redis.stop();
  }
}

function conclude(runs) {
  const middle = (figure) => median(runs.map((run) => run[figure]));
  const [valueBytes, entryBytes, ofValues] = ['valueBytes', 'entryBytes', 'ofValues'].map(middle);
  return {
    summary: { valueBytes, entryBytes, ofValues },
    holds: [
      {
        what: `${thousands(ENTRIES)} entries, of their values`,
        limit: `<= ${OF_VALUES_MAX}`,
        value: round(ofValues, 2),
        held: ofValues <= OF_VALUES_MAX,
      },
    ],
    markdown: table(
      ['held', 'bytes each', 'of the value'],
      [
        ['the value in a list', valueBytes, '1.00'],
        ['**sideboard**, an entry that was hit', entryBytes, ofValues.toFixed(2)],
      ],
    ),
  };
}
