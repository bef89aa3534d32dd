import { execFile } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { root } from '../build-engine.ts';
import { type RedisServer, startRedisServer } from '../redis-server.ts';

const run = promisify(execFile);
const packed = z.array(z.object({ filename: z.string(), files: z.array(z.object({ path: z.string() })) })).length(1);

let server: RedisServer;
let dir: string;
beforeAll(async () => {
  server = await startRedisServer();
  dir = mkdtempSync(path.join(tmpdir(), 'sideboard-embed-'));
});
afterAll(async () => {
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** The engine's sources as a fresh clone has them after `npm ci`: nothing is built. */
function cloneEngine(): string {
  const clone = path.join(dir, 'clone');
  const engine = path.join(clone, 'server/engine');
  mkdirSync(engine, { recursive: true });
  copyFileSync(path.join(root, 'tsconfig.json'), path.join(clone, 'tsconfig.json'));
  symlinkSync(path.join(root, 'node_modules'), path.join(clone, 'node_modules'));
  cpSync(path.join(root, 'server/engine'), engine, { recursive: true, filter: (source) => path.basename(source) !== 'dist' });
  return engine;
}

describe('the packed engine', () => {
  it('is built when it is packed, installs into an empty project and serves a hit there', async () => {
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', dir], { cwd: cloneEngine() });
    const [pack] = packed.parse(JSON.parse(stdout));
    const files = pack?.files.map((file) => file.path) ?? [];
    expect(files).toContain('dist/index.js');
    expect(files).toContain('README.md');
    expect(files.filter((file) => !/^(dist\/.*\.(js|d\.ts)|LICENSE|README\.md|package\.json)$/.test(file))).toEqual([]);
    writeFileSync(path.join(dir, 'package.json'), JSON.stringify({ name: 'embed', private: true, type: 'module' }));
    copyFileSync(path.join(import.meta.dirname, 'embed.mjs'), path.join(dir, 'embed.mjs'));
    await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', `./${pack?.filename}`], { cwd: dir });
    const served = await run(process.execPath, ['--unhandled-rejections=strict', 'embed.mjs'], {
      cwd: dir,
      env: { NODE_ENV: 'production', PATH: process.env['PATH'], REDIS_URL: server.url },
    });
    expect(served).toEqual({ stdout: 'fresh {"name":"chair"} after 1 load\n', stderr: '' });
  }, 120_000);
});
