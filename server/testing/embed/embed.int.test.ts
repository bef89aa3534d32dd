import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { buildEngine, root } from '../build-engine.ts';
import { type RedisServer, startRedisServer } from '../redis-server.ts';

const run = promisify(execFile);
const packed = z.array(z.object({ filename: z.string(), files: z.array(z.object({ path: z.string() })) })).length(1);

let server: RedisServer;
let dir: string;
beforeAll(async () => {
  buildEngine();
  server = await startRedisServer();
  dir = mkdtempSync(path.join(tmpdir(), 'sideboard-embed-'));
});
afterAll(async () => {
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
});

describe('the packed engine', () => {
  it('installs into an empty project and serves a hit there', async () => {
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', dir], { cwd: path.join(root, 'server/engine') });
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
