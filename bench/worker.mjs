/** A process of readers: opens them, then does one job at a time as its parent says. Ends with its parent. */
import { holdLocal } from './jobs/hold-local.mjs';
import { holdReads } from './jobs/hold-reads.mjs';
import { holdValues } from './jobs/hold-values.mjs';
import { joinStampede } from './jobs/join-stampede.mjs';
import { keepReading } from './jobs/keep-reading.mjs';
import { readHits } from './jobs/read-hits.mjs';
import { readLocalHits } from './jobs/read-local-hits.mjs';
import { readMisses } from './jobs/read-misses.mjs';
import { readThroughOutage } from './jobs/read-through-outage.mjs';
import { seed } from './jobs/seed.mjs';
import { timeCodecs } from './jobs/time-codecs.mjs';
import { timeFolding } from './jobs/time-folding.mjs';
import { warmLocal } from './jobs/warm-local.mjs';
import { createOrigin } from './origin.mjs';
import { PRODUCTS } from './product.mjs';
import { openReader } from './readers/open-reader.mjs';

const origin = createOrigin();
const readers = new Map();

/** By name: what a process of readers can be told to do. */
export const JOBS = {
  async open({ readers: names, port, deadlineMs, l1 }) {
    for (const name of names) readers.set(name, await openReader(name, { port, load: origin.load, deadlineMs, l1 }));
  },
  seed,
  readHits,
  readMisses,
  joinStampede,
  holdReads,
  keepReading,
  readThroughOutage,
  warmLocal,
  readLocalHits,
  holdLocal,
  holdValues,
  timeCodecs,
  timeFolding,
  async dropAll(reader) {
    for (let i = 0; i < PRODUCTS; i += 1) await reader.drop(String(i));
  },
  async bump(reader) {
    const startedMs = performance.now();
    const { ackedBy, pending } = await reader.bump();
    return { ms: performance.now() - startedMs, ackedBy: ackedBy.length, pending: pending.length };
  },
  close: (reader) => reader.close(),
  async clear(reader) {
    const startedMs = performance.now();
    await reader.clear();
    return { ms: performance.now() - startedMs };
  },
  keysOf: async (reader, { from, to }) => Array.from({ length: to - from }, (_, i) => reader.keyOf(String(from + i))),
};

process.on('message', async ({ job, name, options }) => {
  try {
    const result = name === 'open' ? await JOBS.open(options) : await JOBS[name](readers.get(options.reader), options, origin);
    process.send({ job, result });
  } catch (error) {
    process.send({ job, error: error.stack });
  }
});
process.on('disconnect', () => process.exit());
