import { execFileSync } from 'node:child_process';
import os from 'node:os';
import { findRedis } from '../scripts/setup/find-redis.mjs';

/** Where figures come from. */
export async function describeMachine() {
  const redis = execFileSync(await findRedis(), ['--version'], { encoding: 'utf8' });
  return {
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGb: Math.round(os.totalmem() / 2 ** 30),
    os: `${os.type()} ${os.release()}`,
    node: process.versions.node,
    redis: /v=(\S+)/.exec(redis)?.[1] ?? redis.trim(),
    /** What else ran: a figure from a busy machine is a poor one. */
    load1m: Number(os.loadavg()[0].toFixed(2)),
  };
}
