import path from 'node:path';
import type { Page } from 'playwright/test';
import { chart } from './chart.ts';
import { consoleUrl, expect, test } from './fixtures.ts';

const folder = path.resolve(import.meta.dirname, '../docs/screenshots');
/** With the rest, so long that the charts are full and Redis has begun to evict. */
const HISTORY_MS = 225_000;

async function take(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: path.join(folder, `${name}-${colorScheme}.png`) });
  }
}

test('the pictures of the docs', async ({ ada: page }) => {
  const startedMs = Date.now();
  await page.goto(consoleUrl('/versions'));
  await page.getByRole('button', { name: 'Bump country' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Bump country' }).click();
  await expect(page.getByText('Acknowledged by 3 of 3 instances')).toBeVisible();
  await take(page, 'versions');

  await page.goto(consoleUrl('/policies'));
  await expect(page.getByText(/applied by 3 of 3/)).toBeVisible();
  await take(page, 'policies');
  await page.getByRole('button', { name: 'Edit stock' }).click();
  const editor = page.getByRole('dialog', { name: 'TTL policy of stock' });
  await editor.getByLabel('TTL', { exact: true }).fill('15 s');
  await expect(editor.getByRole('table', { name: 'What changes' })).toContainText('15 s');
  await take(page, 'policy-editor');

  await page.goto(consoleUrl('/keys'));
  await page.getByRole('combobox', { name: 'Entity' }).click();
  await page.getByRole('option', { name: 'product', exact: true }).click();
  await page
    .getByRole('option', { name: /^product / })
    .first()
    .click();
  await expect(page.getByText('(current)')).toBeVisible();
  await expect(page.getByText('3 of 3 instances answered')).toBeVisible();
  await take(page, 'keys');

  await page.goto(consoleUrl('/lab'));
  await expect.poll(() => Date.now() - startedMs, { timeout: HISTORY_MS + 15_000 }).toBeGreaterThan(HISTORY_MS);
  await page.getByLabel(/^Ends by itself after/).fill('12');
  await page.getByLabel('Reason').fill('rehearse an outage');
  await page.getByRole('button', { name: 'Start…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Start for 12 s' }).click();
  const banner = page.getByRole('alert', { name: /Experiment running/ });
  await expect(banner.getByRole('timer')).toContainText(/^[1-4] s left/, { timeout: 20_000 });
  await take(page, 'lab');

  await expect(banner).toHaveCount(0, { timeout: 30_000 });
  await page.goto(consoleUrl('/'));
  await expect(chart(page, 'What becomes of reads?').getByText('unavailable', { exact: true })).toBeVisible();
  await expect.poll(() => Date.now() - startedMs, { timeout: 70_000 }).toBeGreaterThan(HISTORY_MS + 65_000);
  await take(page, 'overview');
});
