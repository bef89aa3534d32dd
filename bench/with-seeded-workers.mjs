import { execArgvOf } from './readers/open-reader.mjs';
import { startWorker } from './start-worker.mjs';

/**
 * A process for each reader while `use` runs, its products there and its code warm from as many callers as are named, for `warmMs` each.
 * @template T
 * @param {readonly string[]} readers
 * @param {{ port: number, warmCallers: readonly number[], warmMs: number }} options
 * @param {(workers: Map<string, Awaited<ReturnType<typeof startWorker>>>) => Promise<T>} use gets them by reader
 * @returns {Promise<T>}
 */
export async function withSeededWorkers(readers, { port, warmCallers, warmMs }, use) {
  const workers = new Map();
  try {
    for (const reader of readers) {
      const worker = await startWorker({ readers: [reader], port, execArgv: [...execArgvOf(reader)] });
      workers.set(reader, worker);
      await worker.run('seed', { reader });
      for (const callers of warmCallers) await worker.run('readHits', { reader, callers, ms: warmMs });
    }
    return await use(workers);
  } finally {
    for (const worker of workers.values()) await worker.stop();
  }
}
