import { chart, seconds, showAsTable, waitForSecond } from './chart.ts';
import { consoleUrl, expect, test } from './fixtures.ts';

test('eight tabs at once all work, over one stream', async ({ ada: page, context }) => {
  // A headless browser takes every tab for visible: those with charts all draw at once.
  test.setTimeout(150_000);
  const streams: string[] = [];
  context.on('request', (request) => {
    if (request.url().includes('live.stream')) streams.push(request.url());
  });
  const tabs = [page];
  while (tabs.length < 8) tabs.push(await context.newPage());
  // Six connections are all that a browser gives to one origin: pages, their data and the stream share them.
  const paths = ['/', '/lab', '/', '/versions', '/policies', '/keys', '/versions', '/policies'];
  for (const [index, tab] of tabs.entries()) await tab.goto(consoleUrl(paths[index]));

  const charts = tabs.filter((_, index) => ['/', '/lab'].includes(paths[index] ?? '')).map((tab) => chart(tab, 'What becomes of reads?'));
  const own = chart(page, 'What becomes of reads?');
  await showAsTable(own);
  const opened = (await seconds(own))[0]?.time ?? '';
  for (const reads of charts) {
    if (reads !== charts[0]) await showAsTable(reads);
    await waitForSecond(reads, 'the fleet hits, later than all tabs were open', (second) => (second['hits'] ?? 0) > 0, { after: opened });
  }
  for (const tab of tabs) await expect(tab.getByRole('banner').getByText('Stream live')).toBeVisible();
  expect(streams.length).toBeLessThanOrEqual(2);

  await page.getByRole('link', { name: 'Versions' }).click();
  await expect(page.getByRole('button', { name: 'Bump product' })).toBeVisible();
});
