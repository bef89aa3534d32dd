import type { Page } from 'playwright/test';
import { chart, seconds, showAsTable, waitForSecond } from './chart.ts';
import { consoleUrl, expect, test } from './fixtures.ts';

async function startExperiment(page: Page, preset: string, forSeconds: number, reason: string): Promise<void> {
  await page.getByRole('link', { name: 'Failure lab' }).click();
  await page.getByRole('group', { name: 'Presets' }).getByRole('button', { name: preset }).click();
  await page.getByLabel(/^Ends by itself after/).fill(String(forSeconds));
  await page.getByLabel('Reason').fill(reason);
  await page.getByRole('button', { name: 'Start…' }).click();
  await page
    .getByRole('dialog')
    .getByRole('button', { name: `Start for ${forSeconds} s` })
    .click();
}

/** The lab's table of instances: who suffers what, and the breakers. */
const instances = (page: Page) => page.getByRole('table', { name: 'Instances' });
const suffering = (page: Page, what: RegExp) => instances(page).getByRole('listitem').filter({ hasText: what });

test('Redis hangs for twelve seconds: breakers open, the origin answers, unavailable is not a miss, and it recovers by itself', async ({
  ada: page,
}) => {
  await page.goto(consoleUrl('/lab'));
  await expect(instances(page).getByRole('cell', { name: 'closed' })).toHaveCount(9, { timeout: 30_000 });
  await startExperiment(page, 'Redis hung', 12, 'journey: outage');
  const banner = page.getByRole('alert', { name: /Experiment running on shop/ });
  await expect(banner).toContainText('applied by 3 of 3');
  await expect(banner.getByRole('timer')).toContainText('s left');
  await expect(suffering(page, /Redis hung after \d+/)).toHaveCount(3);
  const troubled = instances(page).getByRole('cell', { name: /open|probing/ });
  await expect(troubled.first()).toBeVisible();

  const reads = chart(page, 'What becomes of reads?');
  await showAsTable(reads);
  const out = await waitForSecond(
    reads,
    'reads are unavailable and none is called a miss',
    (second) => (second['unavailable'] ?? 0) > 20 && second['misses'] === 0 && second['hits'] === 0,
  );

  await page.getByRole('link', { name: 'Keys' }).click();
  await expect(banner).toBeVisible();
  await page.getByRole('link', { name: 'Overview' }).click();
  await expect(banner).toHaveCount(0, { timeout: 30_000 });
  await showAsTable(reads);
  await waitForSecond(reads, 'reads hit and none is unavailable', (second) => (second['hits'] ?? 0) > 20 && second['unavailable'] === 0, {
    after: out.time,
    timeout: 45_000,
  });
  const answered = (await seconds(reads)).filter((second) => second['unavailable'] !== null);
  expect(
    answered.every((second) => Object.values(second).some((value) => typeof value === 'number' && value > 0)),
    'the fleet went on answering',
  ).toBe(true);
  await page.getByRole('link', { name: 'Failure lab' }).click();
  await expect(page.getByRole('row', { name: /journey: outage/ }).first()).toContainText('ended by itself');
  await expect(instances(page).getByRole('cell', { name: 'closed' })).toHaveCount(9);
});

test('two faults at a time, one for a third of the fleet, by the keyboard alone; Halt all ends both', async ({ ada: page }) => {
  await page.goto(consoleUrl('/lab'));
  const reason = page.getByLabel('Reason');
  for (const preset of ['Cold cache', 'Redis slow']) {
    await page.getByRole('group', { name: 'Presets' }).getByRole('button', { name: preset }).focus();
    await page.keyboard.press('Enter');
    await page.getByLabel('% of instances').focus();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type(preset === 'Cold cache' ? '34' : '100');
    await page.getByLabel(/^Ends by itself after/).focus();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('120');
    await reason.focus();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('journey: keyboard');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('dialog').getByRole('button', { name: 'Start for 120 s' })).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('dialog')).toHaveCount(0);
  }
  await expect(page.getByRole('alert', { name: /Experiment running on shop/ })).toHaveCount(2);
  await expect(suffering(page, /spared by Cold cache/)).toHaveCount(2);
  await expect(suffering(page, /Redis slower by .* after \d+/)).toHaveCount(3);
  await page.getByRole('button', { name: 'Halt all' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert', { name: /Experiment running on shop/ })).toHaveCount(0);
  await expect(page.getByRole('row', { name: /journey: keyboard/ }).first()).toContainText('stopped after');
});

test('Stop ends a hang at once, on any page: every instance heard of both, and its reads hit again', async ({ ada: page }) => {
  await page.goto(consoleUrl('/lab'));
  await expect(instances(page).getByRole('cell', { name: 'closed' })).toHaveCount(9, { timeout: 30_000 });
  await startExperiment(page, 'Redis hung', 120, 'journey: stop');
  const banner = page.getByRole('alert', { name: /Experiment running on shop/ });
  await expect(banner).toContainText('applied by 3 of 3');
  await expect(suffering(page, /Redis hung after \d+/)).toHaveCount(3);
  await expect(
    instances(page)
      .getByRole('cell', { name: /open|probing/ })
      .first(),
  ).toBeVisible();
  const reads = chart(page, 'What becomes of reads?');
  await showAsTable(reads);
  const hung = await waitForSecond(
    reads,
    'the origin answers all reads',
    (second) => (second['unavailable'] ?? 0) > 20 && second['hits'] === 0,
  );

  await page.getByRole('link', { name: 'Versions' }).click();
  await banner.getByRole('button', { name: 'Stop' }).click();
  await expect(banner).toHaveCount(0);
  await page.getByRole('link', { name: 'Failure lab' }).click();
  const row = page.getByRole('row', { name: /journey: stop/ }).first();
  await expect(row).toContainText('stopped after');
  await expect(row).toContainText(/3 of 3, the last after \d+/);
  await expect(suffering(page, /Redis hung/)).toHaveCount(0);
  await expect(instances(page).getByRole('cell', { name: 'closed' })).toHaveCount(9, { timeout: 30_000 });
  await showAsTable(reads);
  await waitForSecond(reads, 'reads hit and none is unavailable', (second) => (second['hits'] ?? 0) > 20 && second['unavailable'] === 0, {
    after: hung.time,
    timeout: 45_000,
  });
});

test('an experiment without an end or a reason is refused at its field', async ({ ada: page }) => {
  await page.goto(consoleUrl('/lab'));
  await page.getByRole('button', { name: 'Start…' }).click();
  await expect(page.getByLabel(/^Ends by itself after/)).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('Reason')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByRole('dialog')).toHaveCount(0);
});
