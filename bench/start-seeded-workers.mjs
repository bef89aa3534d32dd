import { startWorker } from './start-worker.mjs';

/**
 * A process for each reader, its products there and its code warm from as many callers as are named. Put into `workers` one by
 * one, so that whoever fails here can stop those that run.
 * @param {Map<string, Awaited<ReturnType<typeof startWorker>>>} workers by reader
 * @param {readonly string[]} readers
 * @param {{ port: number, warmCallers: readonly number[], warmMs: number }} options
 */
export async function startSeededWorkers(workers, readers, { port, warmCallers, warmMs }) {
  for (const reader of readers) {
    const worker = await startWorker({ readers: [reader], port });
    workers.set(reader, worker);
    await worker.run('seed', { reader });
    for (const callers of warmCallers) await worker.run('readHits', { reader, callers, ms: warmMs });
  }
}
