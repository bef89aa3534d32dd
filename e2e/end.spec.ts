import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import * as z from 'zod';
import { chart } from './chart.ts';
import { consoleUrl, expect, test } from './fixtures.ts';

const runState = z.object({
  supervisor: z.object({ pid: z.number() }),
  urls: z.record(z.string(), z.string().nullable()),
  children: z.record(z.string(), z.object({ pid: z.number() })),
});

const asOf = /^as of \d\d:\d\d:\d\d$/;

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    // Nobody has this id any more.
    return false;
  }
}

/** Rejects when somebody still listens there. */
async function listenOnce(port: number): Promise<void> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  server.close();
}

test('told to end while somebody watches, every process goes and leaves its port', async ({ ada: page, context, problems }) => {
  problems.allow(/Failed to load resource|net::ERR|Failed to fetch/);
  await page.goto(consoleUrl('/'));
  await expect(chart(page, 'What becomes of reads?')).toBeVisible();
  const header = page.getByRole('banner');
  await expect(header.getByText('Stream live')).toBeVisible();
  const lists = await Promise.all(
    [
      ['/versions', 'Versions of shop'],
      ['/policies', 'TTL policies of shop'],
    ].map(async ([path, name]) => {
      const tab = await context.newPage();
      await tab.goto(consoleUrl(path));
      const list = tab.getByRole('region', { name: name ?? '' });
      await expect(list.getByRole('row', { name: /^product/ })).toBeVisible();
      return list;
    }),
  );

  const file = path.join(process.env['SIDEBOARD_DIR'] ?? '', 'run.json');
  const { supervisor, urls, children } = runState.parse(JSON.parse(await readFile(file, 'utf8')));
  const running = [supervisor, ...Object.values(children)].map(({ pid }) => pid);
  expect(running.filter(isRunning), 'the supervisor, three servers, the console and three shops').toHaveLength(8);

  process.kill(supervisor.pid, 'SIGTERM');
  await expect.poll(() => running.filter(isRunning), { message: 'processes that still run' }).toEqual([]);
  const addresses = [consoleUrl('/'), ...Object.values(urls).filter((url) => url !== null)];
  for (const address of addresses) await listenOnce(Number(new URL(address).port));
  await expect(header.getByText('Stream connecting')).toBeVisible();
  // What was last heard of the fleet does not pass for what it does now.
  await expect(page.locator('dl > div').filter({ hasText: 'Hit ratio' })).toContainText(/as of \d\d:\d\d:\d\d/);
  await expect(chart(page, 'What becomes of reads?').getByText(asOf)).toBeVisible();
  await expect(page.getByRole('region', { name: 'Instances' }).getByText(asOf)).toBeVisible();
  for (const list of lists) await expect(list.getByText(asOf)).toBeVisible();
  await expect(page.getByRole('alert').filter({ hasText: 'The console does not answer' })).toContainText(/as of \d\d:\d\d:\d\d/);
});
