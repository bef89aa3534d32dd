import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from './free-port.ts';

/** A real Postgres as the console is given one: PGlite in a process of its own. */
export interface Postgres {
  readonly url: string;
  /** Connections stand, nothing answers. */
  pause(): void;
  resume(): void;
  kill(): Promise<void>;
  /** On the same port, with the same data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const PASSWORD = 'for-tests-only';
const script = path.resolve(import.meta.dirname, '../../scripts/pglite-child.mjs');

export async function startPostgres(): Promise<Postgres> {
  const dir = mkdtempSync(path.join(tmpdir(), 'sideboard-postgres-'));
  const port = await freePort();
  let child = await launch();

  async function launch(): Promise<ChildProcess> {
    // biome-ignore lint/style/noProcessEnv: a child of the tests runs in their environment
    const env = { ...process.env, PGLITE_PASSWORD: PASSWORD };
    const started = spawn(process.execPath, [script, path.join(dir, 'data'), String(port)], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise<void>((resolve, reject) => {
      let printed = '';
      started.stdout.on('data', (chunk: Buffer) => {
        printed += chunk.toString();
        if (printed.includes('ready on port')) resolve();
      });
      started.once('exit', (code) => reject(new Error(`postgres ended with ${code}: ${printed}`)));
    });
    return started;
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGCONT');
    child.kill(signal);
    await ended;
  }

  return {
    url: `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`,
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    kill: () => end('SIGKILL'),
    async restart() {
      child = await launch();
    },
    async stop() {
      await end('SIGTERM');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
