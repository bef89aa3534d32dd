import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const START_MS_MAX = 180_000;

/** Starts everything as `npm start` does, in a folder and on a port of its own, and ends it after the last journey. */
export default async function startConsole(): Promise<() => Promise<void>> {
  // A console that runs already, with its SIDEBOARD_DIR: for one who writes a journey.
  if (process.env['E2E_URL'] !== undefined) return () => Promise.resolve();
  const folder = await mkdtemp(path.join(tmpdir(), 'sideboard-e2e-'));
  const port = await freePort();
  const child = spawn(process.execPath, ['scripts/start.mjs'], {
    cwd: root,
    env: { ...process.env, SIDEBOARD_DIR: folder, PORT: String(port), DEMO_SEED: '7' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  process.env['SIDEBOARD_DIR'] = folder;
  process.env['E2E_URL'] = `http://127.0.0.1:${port}`;
  await whenReady(child);
  return async () => {
    // The last journey has ended it, unless that one failed or was not asked for.
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    }
    await rm(folder, { recursive: true, force: true });
  };
}

/** Resolves when the console prints its sign-in link; rejects with all that it printed if it ends or takes too long. */
async function whenReady(child: ChildProcess): Promise<void> {
  let printed = '';
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => fail('was not ready in time'), START_MS_MAX);
    const fail = (why: string) => {
      clearTimeout(timer);
      child.kill('SIGTERM');
      reject(new Error(`the console ${why}. It printed:\n${printed}`));
    };
    const read = (chunk: Buffer) => {
      printed += chunk.toString();
      if (!/\/sign-in\?token=/.test(printed)) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', (code) => fail(`ended with code ${code}`));
  });
  child.removeAllListeners('exit');
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
