import { chart, showAsTable, waitForSecond } from './chart.ts';
import { consoleUrl, expect, signIn, test } from './fixtures.ts';

test('bump a version: its hits drop and recover, and the receipt says who acknowledged', async ({ ada: page }) => {
  await page.goto(consoleUrl('/?entity=country'));
  const reads = chart(page, 'What becomes of reads of country?');
  await showAsTable(reads);
  const before = await waitForSecond(reads, 'most reads hit', (second) => (second['hits'] ?? 0) > (second['misses'] ?? 0));

  await page.getByRole('link', { name: 'Versions' }).click();
  await page.getByRole('button', { name: 'Bump country' }).click();
  const dialog = page.getByRole('dialog', { name: 'Bump country' });
  await expect(dialog.getByText(/reads\/s/)).toBeVisible();
  await dialog.getByRole('button', { name: 'Bump country' }).click();
  await expect(page.getByText('Acknowledged by 3 of 3 instances')).toBeVisible();
  const row = page.getByRole('row', { name: /^country/ });
  await expect(row.locator('code')).toHaveCount(2);

  await page.goto(consoleUrl('/?entity=country'));
  await showAsTable(reads);
  const drop = await waitForSecond(reads, 'most reads miss', (second) => (second['misses'] ?? 0) > (second['hits'] ?? 0), {
    after: before.time,
  });
  await waitForSecond(reads, 'most reads hit again', (second) => (second['hits'] ?? 0) > (second['misses'] ?? 0), {
    after: drop.time,
    timeout: 45_000,
  });
});

test('two operators: the second bump is told of the first', async ({ ada: page, browser, problems }) => {
  problems.allow(/409/);
  await page.goto(consoleUrl('/versions'));
  await page.getByRole('button', { name: 'Bump customer' }).click();

  const context = await browser.newContext();
  const other = await context.newPage();
  await signIn(other, 'barbara', 'operator');
  await other.getByRole('link', { name: 'Versions' }).click();
  await other.getByRole('button', { name: 'Bump customer' }).click();
  await other.getByRole('dialog').getByRole('button', { name: 'Bump customer' }).click();
  await expect(other.getByText('Acknowledged by 3 of 3 instances')).toBeVisible();
  await context.close();

  await page.getByRole('dialog').getByRole('button', { name: 'Bump customer' }).click();
  await expect(page.getByText('look at the version that is there now')).toBeVisible();
});
