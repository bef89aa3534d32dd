import { consoleUrl, expect, signInLink, test } from './fixtures.ts';

test('a link signs in once', async ({ page, browser }) => {
  const link = await signInLink('grace', 'viewer');
  await page.goto(link);
  await page.getByRole('button', { name: /sign in/i }).click();
  await expect(page.getByRole('heading', { name: 'Overview', level: 1 })).toBeVisible();

  const other = await browser.newContext();
  const second = await other.newPage();
  await second.goto(link);
  await second.getByRole('button', { name: /sign in/i }).click();
  await expect(second.getByText(/used|expired|no longer/i).first()).toBeVisible();
  await other.close();
});

test('without a session every page leads to the sign-in page, and back to where one wanted to go', async ({ page }) => {
  await page.goto(consoleUrl('/versions'));
  await expect(page).toHaveURL(/\/sign-in\?next=%2Fversions/);
  await expect(page.getByText('npm run sign-in-link')).toBeVisible();
});

test('a viewer reads and cannot change', async ({ page }) => {
  await page.goto(await signInLink('grace', 'viewer'));
  await page.getByRole('button', { name: /sign in/i }).click();
  await page.getByRole('link', { name: 'Versions' }).click();
  const bump = page.getByRole('button', { name: 'Bump product' });
  await expect(bump).toHaveAttribute('aria-disabled', 'true');
  await bump.click({ force: true });
  await expect(page.getByRole('dialog')).toHaveCount(0);
});
