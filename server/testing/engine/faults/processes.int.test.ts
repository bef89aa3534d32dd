import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { buildEngine } from '../../build-engine.ts';
import { patient } from '../open-caches.ts';
import { faultBench, soon } from './fault-bench.ts';

const bench = faultBench(patient);
const children: ChildProcess[] = [];
beforeAll(buildEngine);
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function start(file: string, args: string[], execArgv: string[] = []): ChildProcess {
  const child = fork(path.join(import.meta.dirname, file), args, { execArgv });
  children.push(child);
  return child;
}

async function said(child: ChildProcess): Promise<unknown> {
  const [message] = await once(child, 'message');
  return message;
}

describe('a process that is stopped while it loads', () => {
  it.each(['been revoked by an invalidation', 'run out'])(
    'stores nothing when it goes on and its lease has %s: what was loaded since stays',
    async (how) => {
      const { cache } = await bench.open();
      const holder = start('../takeover-child.mjs', [bench.server.url, '500']);
      expect(await said(holder)).toEqual({ ready: true });
      holder.send({ go: true, callers: 3 });
      expect(await said(holder)).toEqual({ loading: true });
      holder.kill('SIGSTOP');
      const lease = await bench.keys.leaseOf('1');
      if (how === 'run out') await vi.waitFor(async () => expect(await bench.redis.exists(lease)).toBe(0), soon);
      else expect(await cache.invalidate('product', '1')).toMatchObject({ leasesRevoked: 1 });
      expect(await cache.getOrSet('product', '1', () => Promise.resolve('by another'))).toBe('by another');
      await vi.waitFor(async () => expect(await cache.get('product', '1')).toBe('by another'), soon);
      const answer = said(holder);
      holder.kill('SIGCONT');
      // Its own callers asked before; those whose load is late by now have an error.
      expect(['by another', `by ${holder.pid}`, 'LoadTimeout']).toEqual(
        expect.arrayContaining(z.object({ values: z.array(z.string()) }).parse(await answer).values),
      );
      const exit = once(holder, 'exit');
      holder.send({ go: false });
      // With its fills done, or refused.
      await exit;
      expect(await cache.get('product', '1')).toBe('by another');
    },
  );
});

describe('a stampede while Redis is down', () => {
  it('4 processes x 250 callers on one cold key: no more than one origin call for each process', async () => {
    await bench.server.kill();
    try {
      const processes = Array.from({ length: 4 }, () => start('../stampede-child.mjs', [bench.server.url]));
      await Promise.all(processes.map(said));
      const reports = processes.map(said);
      for (const child of processes) child.send({ go: true, id: '1', callers: 250 });
      for (const report of await Promise.all(reports)) {
        expect(z.object({ originCalls: z.int() }).parse(report).originCalls).toBe(1);
      }
    } finally {
      await bench.server.restart();
    }
  });
});

describe('a process that has lived through an outage', () => {
  it('ends by itself with code 0 once it has closed its cache, with no rejection left unhandled', async () => {
    const child = start('exit-child.mjs', [bench.server.url], ['--unhandled-rejections=strict']);
    const exit = once(child, 'exit');
    const ask = async (wanted: string) => {
      child.send(wanted);
      expect(await said(child)).toBe(wanted);
    };
    expect(await said(child)).toBe('ready');
    await ask('hit');
    await bench.server.kill();
    await ask('unavailable');
    await bench.server.restart();
    await ask('hit');
    bench.server.pause();
    await ask('unavailable');
    bench.server.resume();
    await ask('hit');
    child.send('close');
    expect(await said(child)).toBe('closed');
    expect(await exit).toEqual([0, null]);
  });

  it('ends so too when it closes while Redis is down', async () => {
    const child = start('exit-child.mjs', [bench.server.url], ['--unhandled-rejections=strict']);
    const exit = once(child, 'exit');
    expect(await said(child)).toBe('ready');
    await bench.server.kill();
    try {
      child.send('unavailable');
      expect(await said(child)).toBe('unavailable');
      child.send('close');
      expect(await exit).toEqual([0, null]);
    } finally {
      await bench.server.restart();
    }
  });
});
