import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { authority, type Certificate } from './certificates.ts';

/** A real redis-server of one's own, on loopback, in a folder that goes with it. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** Its working folder. */
  readonly dir: string;
  /** Of the process that runs now. */
  readonly pid: number;
  /** A plain client, with ioredis' own defaults, for looking from outside. Ended by `stop`. */
  client(): Redis;
  /** SIGKILL: nothing is saved. */
  kill(): Promise<void>;
  /** SIGSTOP: connections stand, nothing answers. */
  pause(): void;
  resume(): void;
  /** Starts again on the same port, after `kill`; resolves once it has loaded what it had saved. */
  restart(more?: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

interface RedisServerOptions {
  args?: readonly string[];
  /** Speaks TLS alone then, and asks its clients for no certificate. */
  tls?: Certificate;
}

export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  const { tls } = options;
  const dir = mkdtempSync(path.join(tmpdir(), 'sideboard-redis-'));
  const port = await freePort();
  const binary = findRedisServer();
  const clients = new Set<Redis>();
  const listens = tls === undefined ? ['--port', String(port)] : ['--port', '0', '--tls-port', String(port), ...certify(dir, tls)];
  let child = await launch();

  async function launch(more: readonly string[] = []): Promise<ChildProcess> {
    const own = [...listens, '--bind', '127.0.0.1', '--dir', dir, '--save', '', '--appendonly', 'no'];
    const started = spawn(binary, [...own, ...(options.args ?? []), ...more], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise<void>((resolve, reject) => {
      let output = '';
      started.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (output.includes('Ready to accept connections')) resolve();
      });
      started.once('exit', (code) => reject(new Error(`redis-server ended with ${code}:\n${output}`)));
    });
    started.stdout.removeAllListeners('data').resume();
    return started;
  }
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  };

  return {
    port,
    url: tls === undefined ? `redis://127.0.0.1:${port}` : `rediss://localhost:${port}`,
    dir,
    get pid() {
      return child.pid ?? 0;
    },
    client() {
      const client = new Redis({ host: '127.0.0.1', port, ...(tls === undefined ? {} : { tls: { ca: authority } }) });
      client.on('error', () => {
        // Tests take the server down on purpose.
      });
      clients.add(client);
      return client;
    },
    kill,
    pause() {
      child.kill('SIGSTOP');
    },
    resume() {
      child.kill('SIGCONT');
    },
    async restart(more) {
      child = await launch(more);
    },
    async stop() {
      for (const client of clients) client.disconnect();
      await kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Writes what a server of this folder shows from its next start on. Returns its arguments. */
export function certify(dir: string, { cert, key }: Certificate): string[] {
  const files = { cert, key, 'ca-cert': authority };
  const args = Object.entries(files).flatMap(([name, pem]) => {
    const file = path.join(dir, `tls-${name}.pem`);
    writeFileSync(file, pem);
    return [`--tls-${name}-file`, file];
  });
  return [...args, '--tls-auth-clients', 'no'];
}

function findRedisServer(): string {
  for (const name of ['redis-server', 'valkey-server']) {
    try {
      return execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
    } catch {
      // Not this one; the next may be there.
    }
  }
  throw new Error('neither redis-server nor valkey-server is on PATH');
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port'))));
    });
  });
}
