import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { root } from '../setup/paths.mjs';
import { superviseChild } from './child.mjs';
import { openChildLog } from './child-log.mjs';
import { identityOf, isAlive } from './process-identity.mjs';

let folder;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'sideboard-supervision-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a supervised child', () => {
  const holdFile = () => path.join(folder, 'hold');
  const isWritten = (name) => async () => existsSync(path.join(folder, name));

  /** Runs `script` under supervision; `told` resolves with the first line that the supervisor reports and that matches. */
  function supervise(script, isReady) {
    const lines = [];
    const waiting = new Set();
    const log = openChildLog(folder, 'child');
    const child = superviseChild(
      { name: 'child', command: process.execPath, args: ['-e', script, folder], env: {}, isReady },
      {
        cwd: folder,
        holdFile: holdFile(),
        log,
        report: (line) => {
          lines.push(line);
          for (const look of waiting) look(line);
        },
        changed: () => {},
      },
    );
    const told = (pattern) =>
      new Promise((resolve) => {
        const look = (line) => {
          if (pattern.test(line)) resolve(line);
        };
        waiting.add(look);
        lines.forEach(look);
      });
    return { child, told };
  }

  /** Crashes at its first start, stays at its second. */
  const CRASHES_ONCE = `
    const fs = require('node:fs'), folder = process.argv[1];
    if (fs.existsSync(folder + '/second')) { fs.writeFileSync(folder + '/up', ''); setInterval(() => {}, 1000); }
    else { fs.writeFileSync(folder + '/second', ''); throw new Error('out of luck'); }`;

  it('that crashes is reported in one line with its last words, and started again', async () => {
    const { child, told } = supervise(CRASHES_ONCE, isWritten('up'));
    expect(await told(/ended/)).toMatch(/^child ended with code 1 \(its last words: Error: out of luck\); starting it again in [\d.]+ s$/);
    await child.ready;
    expect(child.describe()).toMatchObject({ state: 'ready', restarts: 1 });
    await child.stop(5_000);
    expect(child.describe()).toMatchObject({ state: 'stopped', pid: null });
  });

  it('that is killed is told of again when it is back', async () => {
    const { child, told } = supervise(`setInterval(() => {}, 1000)`);
    await child.ready;
    process.kill(child.describe().pid, 'SIGKILL');
    expect(await told(/ended/)).toBe('child was ended by SIGKILL; starting it again in 0.5 s');
    await told(/^child is back$/);
    await child.stop(5_000);
  });

  it('stays down while a drill holds it', async () => {
    const { child, told } = supervise(`setInterval(() => {}, 1000)`);
    await child.ready;
    writeFileSync(holdFile(), '');
    process.kill(child.describe().pid, 'SIGKILL');
    await told(/is held down while .*hold exists$/);
    expect(child.describe()).toMatchObject({ state: 'held', pid: null });
    rmSync(holdFile());
    await told(/^child is back$/);
    await child.stop(5_000);
  });

  it('that will not end is ended by force, with what it started itself', async () => {
    const { child } = supervise(
      `process.on('SIGTERM', () => {});
       const { spawn } = require('node:child_process');
       const grandchild = spawn(process.execPath, ['-e', "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"], { stdio: 'ignore' });
       require('node:fs').writeFileSync(process.argv[1] + '/grandchild', String(grandchild.pid));
       setInterval(() => {}, 1000);`,
      isWritten('grandchild'),
    );
    await child.ready;
    const grandchild = identityOf(Number(readFileSync(path.join(folder, 'grandchild'), 'utf8')));
    expect(isAlive(grandchild)).toBe(true);
    await child.stop(50);
    expect(child.describe()).toMatchObject({ state: 'stopped', pid: null });
    await expect.poll(() => isAlive(grandchild), { timeout: 5_000 }).toBe(false);
  });
});

describe('a start that cannot be', () => {
  /** Runs `npm start` on the folder, as far as it gets. */
  async function start(env) {
    const clean = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^(REDIS_|DATABASE_URL$|DEMO_|SIDEBOARD_)/.test(name)),
    );
    const child = spawn(process.execPath, ['scripts/start.mjs'], {
      cwd: root,
      env: { ...clean, SIDEBOARD_DIR: folder, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk) => {
        printed += chunk;
      });
    }
    const [code] = await once(child, 'close');
    return { code, printed };
  }

  it('because the folder has one already says so, and leaves that one alone', async () => {
    const lock = path.join(folder, 'lock.json');
    writeFileSync(lock, JSON.stringify(identityOf(process.pid)));
    const { code, printed } = await start({ PORT: '' });
    expect(code).toBe(1);
    expect(printed).toMatch(/^\nSideboard is already running on [^\n]*\n$/);
    expect(JSON.parse(readFileSync(lock, 'utf8'))).toEqual(identityOf(process.pid));
  });

  it('because its port is taken names the port and another one, and gives the folder back', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address();
    const { code, printed } = await start({ PORT: String(port) });
    server.close();
    expect(code).toBe(1);
    expect(printed).toMatch(new RegExp(`^\\nPort ${port} is taken by another program\\. Choose another one: PORT=\\d+ npm start\\n$`));
    expect(existsSync(path.join(folder, 'lock.json'))).toBe(false);
  });
});
