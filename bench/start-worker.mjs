import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

/** @typedef {typeof import('./worker.mjs').JOBS} Jobs */

/**
 * A process of its own with readers in it, idle until it is given a job.
 * @param {{ readers: string[], port: number, execArgv?: string[], deadlineMs?: number, l1?: object }} options
 */
export async function startWorker({ readers, port, execArgv = [], deadlineMs, l1 }) {
  const child = fork(path.join(import.meta.dirname, 'worker.mjs'), [], { execArgv, serialization: 'advanced' });
  const waiting = new Map();
  let jobs = 0;
  child.on('message', ({ job, result, error }) => {
    const { resolve, reject } = waiting.get(job);
    waiting.delete(job);
    if (error === undefined) resolve(result);
    else reject(new Error(`${readers}: ${error}`));
  });
  child.once('exit', (code, signal) => {
    for (const { reject } of waiting.values()) reject(new Error(`the process of ${readers} ended with ${code ?? signal}`));
    waiting.clear();
  });
  /** @type {<Name extends keyof Jobs>(name: Name, options?: object) => Promise<Awaited<ReturnType<Jobs[Name]>>>} what the job of that name gives */
  const run = (name, options = {}) =>
    new Promise((resolve, reject) => {
      jobs += 1;
      waiting.set(jobs, { resolve, reject });
      child.send({ job: jobs, name, options });
    });
  await run('open', { readers, port, deadlineMs, l1 });
  return {
    run,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}
