import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { identityOf, isAlive } from '../supervisor/process-identity.mjs';
import { endFamily } from './end-family.mjs';
import { root } from './paths.mjs';
import { runCommand } from './run-command.mjs';

const soon = { timeout: 20_000 };
const scripts = path.join(root, 'scripts');
let folder;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'sideboard-command-'));
});
afterEach(() => {
  // Left by a test that failed.
  for (const { pid } of shown().filter(isAlive)) process.kill(pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** What the scripts of a test have shown. */
function shown() {
  const pids = path.join(folder, 'pids');
  return existsSync(pids) ? readdirSync(pids).map((pid) => identityOf(Number(pid))) : [];
}

function write(name, code) {
  const file = path.join(folder, name);
  writeFileSync(file, code);
  return file;
}
/** Begins a script: `show` puts a process among those that `family` finds. */
const SHOWN = `import { mkdirSync, writeFileSync } from 'node:fs';
  import { spawn } from 'node:child_process';
  const folder = process.argv[2];
  const show = (pid) => { mkdirSync(folder + '/pids', { recursive: true }); writeFileSync(folder + '/pids/' + pid, ''); };
  show(process.pid);`;

/** A command as the browser's: it starts a supervisor in its own group, whose child has another, is no Node and follows nobody. */
function journeys({ deaf = false } = {}) {
  const supervisor = write(
    'supervisor.mjs',
    `${SHOWN}
    import { superviseChild } from '${scripts}/supervisor/child.mjs';
    import { openChildLog } from '${scripts}/supervisor/child-log.mjs';
    const child = superviseChild({ name: 'child', command: 'tail', args: ['-f', '/dev/null'], env: {} }, {
      cwd: folder, holdFile: folder + '/hold', log: openChildLog(folder, 'child'), report: () => {}, changed: () => {},
    });
    child.ready.then(() => show(child.describe().pid));
    process.on('SIGTERM', () => ${deaf ? '{}' : "{ writeFileSync(folder + '/told', ''); child.stop(5_000).then(() => process.exit()); }"});`,
  );
  return write(
    'journeys.mjs',
    `${SHOWN}
    spawn(process.execPath, ['${supervisor}', folder], { stdio: ['ignore', 'pipe', 'pipe'] });
    ${deaf ? "process.on('SIGTERM', () => {});" : ''}
    setInterval(() => {}, 1_000);`,
  );
}

/** Waits until as many run as are expected. */
async function family(size) {
  await vi.waitFor(() => expect(shown()).toHaveLength(size), soon);
  const all = shown();
  expect(all.filter(isAlive)).toHaveLength(size);
  return all;
}
const lead = (file) => spawn(process.execPath, [file, folder], { stdio: 'ignore', detached: true });

describe('a command that is given up', () => {
  it('is told, and has ended with all that it started when that is known', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const result = runCommand(process.execPath, [journeys(), folder], { timeoutMs: 300_000, graceMs: 60_000 });
      const all = await family(3);
      vi.advanceTimersByTime(300_000);
      expect(await result).toEqual({ code: 124, output: '\ngiven up after 300000 ms' });
      expect(all.filter(isAlive)).toEqual([]);
      expect(existsSync(path.join(folder, 'told'))).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });

  it('and is deaf is killed, with what is in groups of its own', async () => {
    const leader = lead(journeys({ deaf: true }));
    const all = await family(3);
    await endFamily(leader.pid, { graceMs: 60_000, hurry: AbortSignal.abort() });
    expect(all.filter(isAlive)).toEqual([]);
  });

  it('and has gone itself leaves nobody of its group behind', async () => {
    const left = write('left.mjs', `${SHOWN} process.on('SIGTERM', () => {}); setInterval(() => {}, 1_000);`);
    const leader = lead(
      write(
        'gone.mjs',
        `import { spawn } from 'node:child_process';
      spawn(process.execPath, ['${left}', process.argv[2]], { stdio: 'ignore' }).unref();`,
      ),
    );
    await once(leader, 'exit');
    const all = await family(1);
    await endFamily(leader.pid, { graceMs: 60_000, hurry: AbortSignal.abort() });
    expect(all.filter(isAlive)).toEqual([]);
  });
});

describe('a process that is told to end', () => {
  /** Runs the command and begins another when that has ended. */
  const runner = (command) =>
    write(
      'runner.mjs',
      `import { endWithCommands, runCommand } from '${scripts}/setup/run-command.mjs';
      import { writeFileSync } from 'node:fs';
      const folder = process.argv[2];
      endWithCommands(600_000);
      await runCommand(process.execPath, ['${command}', folder]);
      writeFileSync(folder + '/went-on', '');`,
    );

  it('ends its commands with all that they started, begins nothing more, and ends last', async () => {
    const runs = lead(runner(journeys()));
    const all = await family(3);
    runs.kill('SIGTERM');
    expect(await once(runs, 'exit')).toEqual([143, null]);
    expect(all.filter(isAlive)).toEqual([]);
    expect([existsSync(path.join(folder, 'told')), existsSync(path.join(folder, 'went-on'))]).toEqual([true, false]);
  });

  it('and is told again waits for nobody who is deaf', async () => {
    const runs = lead(runner(journeys({ deaf: true })));
    const all = await family(3);
    for (const told of ['SIGINT', 'SIGTERM']) runs.kill(told);
    await once(runs, 'exit');
    expect(all.filter(isAlive)).toEqual([]);
  });
});
