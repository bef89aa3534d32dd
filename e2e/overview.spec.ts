import { chart, showAsTable, waitForSecond } from './chart.ts';
import { consoleUrl, expect, test } from './fixtures.ts';

test('the chart moves with what three instances measured', async ({ ada: page }) => {
  await page.goto(consoleUrl('/'));
  const reads = chart(page, 'What becomes of reads?');
  await showAsTable(reads);
  const first = await waitForSecond(reads, 'the fleet hits', (second) => (second['hits'] ?? 0) > 0);
  await waitForSecond(reads, 'time has gone on', (second) => (second['hits'] ?? 0) > 0, { after: first.time });
  await expect(page.getByRole('region', { name: 'Instances' }).getByText('3 of 3 alive')).toBeVisible();
  await expect(page.getByText(/% of reads from L1$/)).toBeVisible();
  await expect(page.getByRole('listitem').first()).toBeVisible();
  await expect(page.locator('li:empty'), 'a legend has no line of nothing').toHaveCount(0);
});

test('an entity of the table filters the figures and the charts, and the address keeps it', async ({ ada: page }) => {
  await page.goto(consoleUrl('/'));
  await page.getByRole('button', { name: 'country', exact: true }).click();
  await expect(page).toHaveURL(/entity=country/);
  await expect(page.getByRole('heading', { name: 'What becomes of reads of country?' })).toBeVisible();
  // Of all reads of the service it is less than a tenth.
  await expect(page.getByText(/^[3-9]\d(\.\d)?% of reads from L1$/)).toBeVisible();
  await page.reload();
  await expect(page.getByRole('heading', { name: 'What becomes of reads of country?' })).toBeVisible();
});
