import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findRedis } from '../scripts/setup/find-redis.mjs';
import { choosePort } from '../scripts/setup/ports.mjs';

const SIGNALS = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
];

/** A Redis of one's own on loopback, without persistence. @param {{ args?: string[] }} [options] */
export async function startRedis({ args = [] } = {}) {
  const program = await findRedis();
  const port = await choosePort();
  const dir = mkdtempSync(path.join(tmpdir(), 'sideboard-bench-'));
  let child = await launch();
  // A stopped server takes no other signal, and must not outlive its bench.
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  for (const [signal, code] of SIGNALS) process.once(signal, () => process.exit(code));

  async function launch() {
    const flags = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', '', '--appendonly', 'no', ...args];
    const started = spawn(program, flags, { stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const chunk of started.stdout.iterator({ destroyOnReturn: false })) {
      if (String(chunk).includes('Ready to accept connections')) break;
    }
    started.stdout.resume();
    if (started.exitCode !== null) throw new Error(`redis-server ended with ${started.exitCode}`);
    return started;
  }
  async function kill() {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
  return {
    port,
    kill,
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    async restart() {
      child = await launch();
    },
    async stop() {
      process.off('exit', end);
      await kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
