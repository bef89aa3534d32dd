import { defineConfig } from 'playwright/test';

const reports = process.env['PLAYWRIGHT_JSON_OUTPUT_FILE'];

// Workers read this file too, when the address is known already: what the first reader found holds for all.
process.env['E2E_OWNS_CONSOLE'] ??= String(process.env['E2E_URL'] === undefined);
const ownsConsole = process.env['E2E_OWNS_CONSOLE'] === 'true';

const teardown = ownsConsole ? { teardown: 'the end' } : {};

/**
 * One console and one fleet serve all journeys, one after the other: they act on the same Redis. The last one ends them. The first
 * opens eight tabs, three of which draw: it takes the machine while the least else wants it.
 */
export default defineConfig({
  testDir: '.',
  projects: [
    { name: 'eight tabs', testMatch: 'watching.spec.ts', ...teardown },
    { name: 'journeys', testMatch: '*.spec.ts', testIgnore: ['watching.spec.ts', 'end.spec.ts'], ...teardown },
    ...(ownsConsole ? [{ name: 'the end', testMatch: 'end.spec.ts' }] : []),
  ],
  globalSetup: './start-console.ts',
  workers: 1,
  fullyParallel: false,
  retries: 0,
  forbidOnly: true,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  outputDir: '../.sideboard/e2e',
  reporter: reports === undefined ? [['list']] : [['list'], ['json', { outputFile: reports }]],
  use: {
    launchOptions: {
      executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-quic',
        '--disable-background-networking',
        '--no-first-run',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
    viewport: { width: 1280, height: 800 },
    // No trace, which takes a seventh of the machine's time for copies of the pages: `--trace on` for a journey that fails.
    screenshot: 'only-on-failure',
  },
});
