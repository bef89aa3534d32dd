import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { buildEngine } from '../build-engine.ts';
import { type RedisServer, startRedisServer } from '../redis-server.ts';

const report = z.object({ originCalls: z.int(), values: z.array(z.string()), slowestMs: z.number() });
const PROCESSES = 4;
const CALLERS = 250;

let server: RedisServer;
let children: ChildProcess[];
beforeAll(async () => {
  buildEngine();
  server = await startRedisServer();
  children = Array.from({ length: PROCESSES }, () => fork(path.join(import.meta.dirname, 'stampede-child.mjs'), [server.url]));
  await Promise.all(children.map((child) => once(child, 'message')));
});
afterAll(async () => {
  await Promise.all(
    children.map(async (child) => {
      child.send({ go: false });
      await once(child, 'exit');
    }),
  );
  await server.stop();
});

describe('a stampede', () => {
  it.each(['1', '2', '3', '{cold:*}\0😀'])('4 processes x 250 callers on the cold key %j make exactly 1 origin call', async (id) => {
    const replies = children.map((child) => once(child, 'message'));
    for (const child of children) child.send({ go: true, id, callers: CALLERS });
    const reports = (await Promise.all(replies)).map(([reply]) => report.parse(reply));
    expect(reports.reduce((sum, { originCalls }) => sum + originCalls, 0)).toBe(1);
    expect(new Set(reports.flatMap(({ values }) => values)).size).toBe(1);
    process.stdout.write(`slowest caller of each process, ms: ${reports.map(({ slowestMs }) => slowestMs.toFixed(0)).join(' ')}\n`);
  });
});
