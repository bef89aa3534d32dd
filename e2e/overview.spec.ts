import { chart, seconds, showAsTable, waitForSecond } from './chart.ts';
import { consoleUrl, expect, test } from './fixtures.ts';

test('the chart moves with what three instances measured', async ({ ada: page }) => {
  await page.goto(consoleUrl('/'));
  const reads = chart(page, 'What becomes of reads?');
  await showAsTable(reads);
  const first = await waitForSecond(reads, 'the fleet hits', (second) => (second['hits'] ?? 0) > 0);
  await waitForSecond(reads, 'time has gone on', (second) => (second['hits'] ?? 0) > 0, { after: first.time });
  await expect(page.getByRole('region', { name: 'Instances' }).getByText('3 of 3 alive')).toBeVisible();
  await expect(page.getByText(/% of reads from L1$/)).toBeVisible();
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

test('eight tabs at once all work, over one stream', async ({ ada: page, context }) => {
  // A headless browser takes every tab for visible: all eight draw at once.
  test.setTimeout(150_000);
  const streams: string[] = [];
  context.on('request', (request) => {
    if (request.url().includes('live.stream')) streams.push(request.url());
  });
  const tabs = [page];
  while (tabs.length < 8) tabs.push(await context.newPage());
  // Six connections are all that a browser gives to one origin: pages, their data and the stream share them.
  const paths = ['/', '/lab', '/', '/lab', '/versions', '/policies', '/keys', '/'];
  for (const [index, tab] of tabs.entries()) await tab.goto(consoleUrl(paths[index]));

  const charts = tabs.filter((_, index) => ['/', '/lab'].includes(paths[index] ?? '')).map((tab) => chart(tab, 'What becomes of reads?'));
  for (const reads of charts) await showAsTable(reads);
  const opened = (await seconds(chart(page, 'What becomes of reads?')))[0]?.time ?? '';
  for (const reads of charts) {
    await waitForSecond(reads, 'the fleet hits, later than all tabs were open', (second) => (second['hits'] ?? 0) > 0, { after: opened });
  }
  for (const tab of tabs) await expect(tab.getByRole('banner').getByText('Stream live')).toBeVisible();
  expect(streams.length).toBeLessThanOrEqual(2);

  await page.getByRole('link', { name: 'Versions' }).click();
  await expect(page.getByRole('button', { name: 'Bump product' })).toBeVisible();
});
