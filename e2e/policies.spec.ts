import { consoleUrl, expect, signIn, test } from './fixtures.ts';

test('shorten a TTL: every instance applies it and new entries carry it', async ({ ada: page }) => {
  await page.goto(consoleUrl('/policies'));
  await page.getByRole('button', { name: 'Edit stock' }).click();
  const editor = page.getByRole('dialog', { name: 'TTL policy of stock' });
  await editor.getByLabel('TTL', { exact: true }).fill('12 s');
  await editor.getByLabel('Stale window').fill('0');
  await expect(editor.getByRole('table', { name: 'What changes' })).toContainText('12 s');
  await editor.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Acknowledged by 3 of 3 instances')).toBeVisible();
  await expect(page.getByText(/applied by 3 of 3/)).toBeVisible();
  await expect(page.getByRole('row', { name: /^stock/ })).toContainText('12 s');

  await page.getByRole('link', { name: 'Keys' }).click();
  await page.getByRole('combobox', { name: 'Entity' }).click();
  await page.getByRole('option', { name: 'stock', exact: true }).click();
  // The first of the catalogue is the one that visitors ask for most.
  await page.getByRole('textbox', { name: /^Id/ }).fill('1');
  const entry = page.getByRole('complementary', { name: 'Entry' });
  // A sale may just have removed it: then the next look finds it.
  await expect(async () => {
    await page.getByRole('button', { name: 'Find' }).click();
    await expect(entry.getByRole('heading', { name: 'stock 1', exact: true })).toBeVisible({ timeout: 2_000 });
  }).toPass();
  // An entry of before may still live for up to half a minute: the panel follows the key until the next fill.
  await expect(entry.getByText(/^fresh 1[01](\.\d)? s$/)).toBeVisible({ timeout: 50_000 });
});

test('two operators saving one policy: the second sees both and decides', async ({ ada: page, browser, problems }) => {
  problems.allow(/409/);
  await page.goto(consoleUrl('/policies'));
  await page.getByRole('button', { name: 'Edit product' }).click();
  const mine = page.getByRole('dialog', { name: 'TTL policy of product' });
  await mine.getByLabel('TTL', { exact: true }).fill('7 min');

  const context = await browser.newContext();
  const other = await context.newPage();
  await signIn(other, 'barbara', 'operator');
  await other.getByRole('link', { name: 'TTL policies' }).click();
  await other.getByRole('button', { name: 'Edit product' }).click();
  const theirs = other.getByRole('dialog', { name: 'TTL policy of product' });
  await theirs.getByLabel('TTL', { exact: true }).fill('8 min');
  await theirs.getByRole('button', { name: 'Save' }).click();
  await expect(other.getByText('Acknowledged by 3 of 3 instances')).toBeVisible();
  await context.close();

  await mine.getByRole('button', { name: 'Save' }).click();
  await expect(mine.getByText(/barbara saved revision \d+ first/)).toBeVisible();
  await expect(mine.getByText('8 min').first()).toBeVisible();
  await expect(mine.getByText('7 min').first()).toBeVisible();
  await mine.getByRole('button', { name: 'Save mine on top of theirs' }).click();
  await expect(page.getByText('Acknowledged by 3 of 3 instances')).toBeVisible();
  await expect(page.getByRole('row', { name: /^product/ }).first()).toContainText('7 min');
});

test('a policy that contradicts itself is refused at its field', async ({ ada: page }) => {
  await page.goto(consoleUrl('/policies'));
  await page.getByRole('button', { name: 'Edit product' }).click();
  const editor = page.getByRole('dialog', { name: 'TTL policy of product' });
  await editor.getByLabel('TTL', { exact: true }).fill('soon');
  await editor.getByLabel(/^Jitter/).fill('80');
  await editor.getByLabel('Stale window').focus();
  await expect(editor.getByText(/jitter must be at most 50%/i)).toBeVisible();
  await expect(editor.getByRole('textbox', { name: 'TTL' })).toHaveAttribute('aria-invalid', 'true');
  await expect(editor.getByRole('button', { name: 'Save' })).toHaveAttribute('aria-disabled', 'true');
});
