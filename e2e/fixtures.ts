import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { type BrowserContext, test as base, expect, type Page } from 'playwright/test';
import * as z from 'zod';

const run = promisify(execFile);
const runFile = z.object({ urls: z.object({ redis: z.string() }) });
const root = path.resolve(import.meta.dirname, '..');

/** The address of the console that `start-console.ts` started. */
export function consoleUrl(pathname = '/'): string {
  return new URL(pathname, process.env['E2E_URL']).href;
}

/** The Redis that the console started beside itself. */
export function embeddedRedis(): string {
  const state = runFile.parse(
    JSON.parse(readFileSync(path.resolve(root, process.env['SIDEBOARD_DIR'] ?? '.sideboard', 'run.json'), 'utf8')),
  );
  return state.urls.redis;
}

/** A one-time sign-in link, made as an operator makes it: `npm run sign-in-link`. */
export async function signInLink(name: string, role: 'viewer' | 'operator' | 'admin'): Promise<string> {
  const { stdout } = await run(process.execPath, ['scripts/sign-in-link.mjs', '--name', name, '--role', role], { cwd: root });
  const url = /https?:\/\/\S+\/sign-in\?token=\S+/.exec(stdout)?.[0];
  if (url === undefined) throw new Error(`no link in: ${stdout}`);
  return url;
}

/** Signs in by a link, as whoever it is for, and waits for the console. */
export async function signIn(page: Page, name: string, role: 'viewer' | 'operator' | 'admin'): Promise<void> {
  await page.goto(await signInLink(name, role));
  await page.getByRole('button', { name: /sign in/i }).click();
  await expect(page.getByRole('heading', { name: 'Overview', level: 1 })).toBeVisible();
}

/** Browser errors that a journey did not expect: each fails it. */
function watch(context: BrowserContext, problems: string[]): void {
  context.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(`${message.type()}: ${message.text()}`);
  });
  context.on('weberror', (error) => problems.push(`uncaught: ${error.error().message}`));
}

interface Fixtures {
  /** A page whose browser log must stay clean of errors and warnings. `allow` takes what a journey provokes on purpose. */
  problems: { allow(pattern: RegExp): void };
  /** The page of ada, an admin who is signed in. */
  ada: Page;
}
type Session = Awaited<ReturnType<BrowserContext['storageState']>>;

export const test = base.extend<Fixtures, { session: Session }>({
  session: [
    async ({ browser }, use) => {
      const context = await browser.newContext();
      await signIn(await context.newPage(), 'ada', 'admin');
      const session = await context.storageState();
      await context.close();
      await use(session);
    },
    { scope: 'worker' },
  ],
  ada: async ({ context, page, session }, use) => {
    await context.addCookies(session.cookies);
    await use(page);
  },
  problems: [
    async ({ context }, use) => {
      const seen: string[] = [];
      const allowed: RegExp[] = [];
      watch(context, seen);
      await use({ allow: (pattern) => allowed.push(pattern) });
      expect(
        seen.filter((line) => !allowed.some((pattern) => pattern.test(line))),
        'the browser log is clean',
      ).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };
