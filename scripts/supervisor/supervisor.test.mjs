import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backoffMs, failuresAfter } from './backoff.mjs';
import { openChildLog } from './child-log.mjs';
import { lockDecision, takeLock } from './lock.mjs';
import { identityOf, isAlive } from './process-identity.mjs';
import { awaitSignInLink } from './request-sign-in-link.mjs';
import { readSettings } from './settings.mjs';

let folder;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'sideboard-supervisor-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('backoff', () => {
  it('doubles from half a second and stops at ten', () => {
    expect([1, 2, 3, 4, 5, 6, 50].map(backoffMs)).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
  });
  it('starts over for a child that had lived for long', () => {
    expect(failuresAfter(7, 100)).toBe(8);
    expect(failuresAfter(7, 60_000)).toBe(1);
  });
});

describe('the lock of a data folder', () => {
  const text = JSON.stringify({ pid: 7, startedAt: 'then' });
  it('is held while its process lives, and stale when that has gone or its pid has passed on', () => {
    expect(lockDecision(text, () => true)).toEqual({ kind: 'held', pid: 7 });
    expect(lockDecision(text, () => false)).toEqual({ kind: 'stale' });
    expect(lockDecision(null, () => true)).toEqual({ kind: 'free' });
    expect(lockDecision('{"pid":', () => true)).toEqual({ kind: 'stale' });
  });
  it('refuses a second one in one line, until it is given back', () => {
    const release = takeLock(folder);
    expect(() => takeLock(folder)).toThrow(/^Sideboard is already running on [^\n]*$/);
    release();
    takeLock(folder)();
  });
  it('of a process that was killed is taken over', () => {
    writeFileSync(path.join(folder, 'lock.json'), JSON.stringify({ pid: process.pid, startedAt: 'another boot/1' }));
    takeLock(folder)();
  });
});

describe('the identity of a process', () => {
  it('holds for this one, and not for another that has its pid', () => {
    const identity = identityOf(process.pid);
    expect(isAlive(identity)).toBe(true);
    expect(isAlive({ ...identity, startedAt: 'before' })).toBe(false);
    expect(isAlive({ pid: 2 ** 30, startedAt: null })).toBe(false);
  });
});

describe('the log of a child', () => {
  it('never grows past its bound and keeps the last lines', () => {
    const log = openChildLog(folder, 'shop');
    for (let i = 0; i < 30; i += 1) log.write(Buffer.from(`line ${i}\n`));
    expect(log.lastLines()).toHaveLength(20);
    expect(log.lastLines().at(-1)).toBe('line 29');
    log.close();
  });
});

describe('settings', () => {
  it('embed everything when nothing is said', () => {
    expect(readSettings({})).toMatchObject({
      port: 3000,
      host: '127.0.0.1',
      embedsRedis: true,
      embedsStore: true,
      embedsOrigin: true,
      runsDemo: true,
    });
  });
  it.each([{ REDIS_URL: 'redis://cache:6379' }, { REDIS_HOST: 'cache' }])('a Redis of your own gets no demo load: %o', (env) => {
    expect(readSettings(env)).toMatchObject({ embedsRedis: false, embedsOrigin: false, runsDemo: false });
  });
  it('a malformed REDIS_URL is a warning that does not repeat it, and no reason not to start', () => {
    const { warnings, embedsRedis } = readSettings({ REDIS_URL: 'redis//:hunter2@cache' });
    expect(embedsRedis).toBe(false);
    expect(warnings.join()).toMatch(/^REDIS_URL is malformed[^\n]*$/);
    expect(warnings.join()).not.toContain('hunter2');
  });
  it.each([
    { DATABASE_URL: 'mysql://x' },
    { DEMO_DATABASE_URL: 'x' },
    { SIDEBOARD_URL: 'cache.example.com' },
    { SIDEBOARD_SECRET: 'short' },
    { PORT: 'abc' },
  ])('refuses in one line %o', (env) => {
    expect(() => readSettings(env)).toThrow(new RegExp(`^${Object.keys(env)[0]} is [^\\n]*$`));
  });
});

describe('the sign-in link of a start', () => {
  const answers = [];
  let server;
  let url;
  beforeEach(async () => {
    server = createServer((request, response) => {
      const answer = answers.shift();
      if (answer === undefined) request.socket.destroy();
      else response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${server.address().port}`;
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  it('is asked for again while the store is away', async () => {
    answers.push({ status: 503, body: { message: 'away' } }, { status: 200, body: { url: 'http://x/sign-in?token=t' } });
    expect(await awaitSignInLink(url, 'secret', {}, 5_000)).toEqual({ url: 'http://x/sign-in?token=t' });
  });

  it('that cannot be had is a line for the reader, not the end of the start', async () => {
    expect(await awaitSignInLink(url, 'secret', {}, 0)).toEqual({ problem: expect.stringContaining('does not answer') });
  });
});
