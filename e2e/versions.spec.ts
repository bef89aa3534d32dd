import { type ChartSecond, chart, showAsTable, waitForSpan } from './chart.ts';
import { consoleUrl, expect, signIn, test } from './fixtures.ts';

/** Of the reads that Redis answered, the share that missed. */
function missShare(span: ChartSecond): number {
  const hits = span['hits'] ?? 0;
  const misses = span['misses'] ?? 0;
  return hits + misses === 0 ? 0 : misses / (hits + misses);
}

function nearlyAllHit(missesMax: number): (span: ChartSecond) => boolean {
  return (span) => (span['hits'] ?? 0) > 0 && missShare(span) < missesMax;
}

test('bump a version: its hits drop and recover, and the receipt says who acknowledged', async ({ ada: page }) => {
  await page.goto(consoleUrl('/?entity=country'));
  const reads = chart(page, 'What becomes of reads of country?');
  await showAsTable(reads);
  // A fleet that still warms up has seconds that look like a bump.
  const before = await waitForSpan(reads, 5, 'nearly all reads hit', nearlyAllHit(0.1), { timeout: 60_000 });

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
  // A bump falls within a second, and the few countries that most read are back before the next: it shows over some seconds.
  const drop = await waitForSpan(reads, 3, 'a fifth of the reads or more miss', (span) => missShare(span) >= 0.2, { after: before.time });
  await waitForSpan(reads, 5, 'nearly all reads hit again', nearlyAllHit(0.1), { after: drop.time, timeout: 45_000 });
});

test('a list that cannot be asked for again says as of when it is, until it can', async ({ ada: page, problems }) => {
  problems.allow(/ERR_FAILED/);
  await page.goto(consoleUrl('/versions'));
  const list = page.getByRole('region', { name: 'Versions of shop' });
  await expect(list.getByRole('row', { name: /^product/ })).toBeVisible();
  await page.route(/versions\.list/, (route) => route.abort());
  await expect(list.getByText(/^as of \d\d:\d\d:\d\d$/)).toBeVisible();
  await expect(list.getByRole('row', { name: /^product/ }), 'what was known stays').toBeVisible();
  await page.unroute(/versions\.list/);
  await expect(list.getByText(/^as of/)).toHaveCount(0);
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
  await expect(page.getByText(/customer is at version \w+ now/)).toBeVisible();
});
