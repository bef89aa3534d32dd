import { Redis } from 'ioredis';
import type { Locator, Page } from 'playwright/test';
import { createCache } from 'sideboard-engine';
import { consoleUrl, embeddedRedis, expect, test } from './fixtures.ts';

function openWarehouse() {
  const policies = { order: { ttl: '10min', staleWindow: '10min' } };
  return createCache({ env: 'demo', service: 'warehouse', redis: embeddedRedis(), policies });
}

/** Acts as a service that the demo does not have, through the engine's own door, and runs no longer than that. */
async function inWarehouse(act: (cache: ReturnType<typeof openWarehouse>) => Promise<unknown>): Promise<void> {
  const cache = openWarehouse();
  try {
    await cache.ready();
    await act(cache);
  } finally {
    await cache.close();
  }
}

/** Acts on the key of the entry that the page shows as somebody who does not use the engine. */
async function onOpenKey(page: Page, act: (redis: Redis, key: Buffer) => Promise<unknown>): Promise<void> {
  const redis = new Redis(embeddedRedis());
  try {
    await act(redis, Buffer.from(new URL(page.url()).searchParams.get('key') ?? '', 'base64url'));
  } finally {
    redis.disconnect();
  }
}

async function askToInvalidate(page: Page): Promise<Locator> {
  await page.getByRole('complementary', { name: 'Entry' }).getByRole('button', { name: 'Invalidate' }).click();
  return page.getByRole('dialog');
}

async function invalidate(page: Page, how: 'Remove it' | 'Mark it stale'): Promise<void> {
  const dialog = await askToInvalidate(page);
  await dialog.getByRole('radio', { name: how }).check();
  await dialog.getByRole('button', { name: 'Invalidate' }).click();
}

test('find a key, read it, invalidate it, see the next read refill it', async ({ ada: page }) => {
  await page.goto(consoleUrl('/keys'));
  await page.getByRole('combobox', { name: 'Entity' }).click();
  // Every dashboard is read each second or so: the next read is not far.
  await page.getByRole('option', { name: 'dashboard', exact: true }).click();
  await page
    .getByRole('option', { name: /^dashboard / })
    .first()
    .click();

  const entry = page.getByRole('complementary', { name: 'Entry' });
  await expect(entry.getByRole('heading', { name: /^dashboard / })).toBeVisible();
  await expect(entry.getByText('(current)')).toBeVisible();
  await expect(entry.locator('pre, code').filter({ hasText: '"' }).first()).toBeVisible();
  await expect(page).toHaveURL(/key=/);
  const nextRead = entry.getByRole('region', { name: 'Next read' });
  await expect(nextRead).toContainText('3 of 3 instances answered');
  await expect(nextRead.getByText(/serve|load|wait/).first()).toBeVisible();

  await entry.getByRole('button', { name: 'Invalidate' }).click();
  await expect(page.getByRole('dialog')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(entry, 'Escape closes the dialog alone').toBeVisible();
  await entry.getByRole('button', { name: 'Invalidate' }).click();
  const invalidatedAt = Date.now();
  await page.getByRole('dialog').getByRole('button', { name: 'Invalidate' }).click();
  await expect(entry.getByRole('status').filter({ hasText: 'Entry removed' })).toBeVisible();
  // The panel, which looks every two seconds, shows what the next read filled.
  await expect
    .poll(
      async () => {
        const created = await entry.getByText(/^created .* ago$/).allTextContents();
        const age = /^created (\d+) s ago$/.exec(created[0] ?? '')?.[1];
        return age === undefined ? created[0]?.includes(' ms ') === true : Number(age) * 1_000 < Date.now() - invalidatedAt;
      },
      { message: 'an entry that is younger than the invalidation', timeout: 45_000 },
    )
    .toBe(true);
  await expect(entry.getByText('(current)')).toBeVisible();
  await nextRead.getByRole('button', { name: 'Ask again' }).click();
  await expect(nextRead).toContainText('3 of 3 instances answered');
});

test('an entry that cannot be looked at again is said to be as it was', async ({ ada: page, problems }) => {
  problems.allow(/ERR_FAILED/);
  await page.goto(consoleUrl('/keys?entity=country'));
  await page
    .getByRole('option', { name: /^country / })
    .first()
    .click();
  const entry = page.getByRole('complementary', { name: 'Entry' });
  await expect(entry.getByText('(current)')).toBeVisible();
  await page.route(/keys\.entry/, (route) => route.abort());
  await expect(entry.getByText(/^This is how it stood \d+ s ago/)).toBeVisible();
  await expect(entry.getByText('(current)')).toBeVisible();
  await page.unroute(/keys\.entry/);
  await expect(entry.getByText(/^This is how it stood/)).toHaveCount(0);
});

test('an exact name is looked up without a walk', async ({ ada: page }) => {
  await page.goto(consoleUrl('/keys'));
  await page.getByRole('combobox', { name: 'Entity' }).click();
  await page.getByRole('option', { name: 'country', exact: true }).click();
  const first = page.getByRole('option', { name: /^country / }).first();
  const id = ((await first.getAttribute('aria-label')) ?? '').replace('country ', '');
  await page.keyboard.press('Escape');
  await page.getByRole('textbox', { name: /^Id/ }).fill(id);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('complementary', { name: 'Entry' }).getByRole('heading', { name: `country ${id}` })).toBeVisible();
});

test('what was looked up and is no longer asked for opens nothing', async ({ ada: page }) => {
  let answer = () => {};
  const held = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await page.route(/keys\.find/, async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(consoleUrl('/keys'));
  await page.getByRole('combobox', { name: 'Entity' }).click();
  await page.getByRole('option', { name: 'country', exact: true }).click();
  await page.getByRole('textbox', { name: /^Id/ }).fill('1');
  const asked = page.waitForRequest(/keys\.find/);
  await page.keyboard.press('Enter');
  await asked;
  await page.getByRole('link', { name: 'Versions' }).click();
  await expect(page.getByRole('table', { name: /^Versions/ })).toBeVisible();
  const answered = page.waitForResponse(/keys\.find/);
  answer();
  await (await answered).finished();
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  expect(new URL(page.url()).searchParams.get('key')).toBeNull();
});

test('an entry whose key holds but a digest of its long id is found, marked stale, and removed', async ({ ada: page }) => {
  // As long as an id may be that is looked up, and longer than an address.
  const id = `order-${'x'.repeat(16_378)}`;
  await inWarehouse((cache) => cache.set('order', id, { total: 42 }));
  await page.goto(consoleUrl('/keys?env=demo&service=warehouse&entity=order'));
  const row = page.getByRole('option', { name: /^order order-x+%~/ });
  await row.click();
  const entry = page.getByRole('complementary', { name: 'Entry' });
  await expect(entry.getByText(/^Fresh for another /)).toBeVisible();
  await expect(entry.getByText('give the exact id in the filter above')).toBeVisible();

  const filter = page.getByRole('textbox', { name: /^Id/ });
  await filter.fill(`${id}x`);
  await page.keyboard.press('Enter');
  await expect(page.getByText('longer than 16,384 characters, so it cannot be looked up')).toBeVisible();
  await filter.fill(id);
  await page.keyboard.press('Enter');
  await expect(entry.getByRole('region', { name: 'Next read' })).toContainText('no instance of this service runs');
  await expect(filter).toHaveValue(id);
  await expect(page).not.toHaveURL(/x{9}/);

  await invalidate(page, 'Mark it stale');
  await expect(entry.getByText('Entry marked stale')).toBeVisible();
  await expect(entry.getByText(/^Stale by a soft invalidation, served while it is refreshed/)).toBeVisible();

  // Of an entry that reads do not reach the dialog says so, and what is done all the same.
  await inWarehouse((cache) => cache.bumpVersion('order'));
  await expect(entry.getByText('(previous: reads no longer reach it)')).toBeVisible();
  const dialog = await askToInvalidate(page);
  await expect(dialog).toContainText('This entry is of the previous version, which reads do not reach. The same is done to what');
  await page.keyboard.press('Escape');
  await invalidate(page, 'Remove it');
  await expect(entry.getByText('Entry removed')).toBeVisible();
  await expect(entry.getByText('This entry is gone')).toBeVisible();
  await page.getByRole('button', { name: 'Scan again' }).click();
  await expect(page.getByText('No key matches')).toBeVisible();

  await onOpenKey(page, (redis, key) => redis.set(key, 'rubbish', 'EX', 60));
  await inWarehouse((cache) => cache.bumpVersion('order'));
  await expect(entry.getByText('(old: reads no longer reach it)')).toBeVisible();
  await askToInvalidate(page);
  await expect(dialog).toContainText('This entry is of an older version: no read reaches it');
  await expect(dialog.getByRole('radio', { name: 'Mark it stale' })).toBeDisabled();
  await expect(dialog).toContainText('What is stored is no entry that could be served.');
  await onOpenKey(page, (redis, key) => redis.del(key));
});

test('each of two long ids that begin the same opens its own entry from the list of the largest', async ({ ada: page }) => {
  const head = 'x'.repeat(400);
  // The key of one holds the whole of it, that of the other a digest.
  const ids = [`${head}-short`, `${head}-long-${'y'.repeat(16_000)}`];
  await inWarehouse(async (cache) => {
    for (const id of ids) await cache.set('order', id, { length: id.length });
    const opened: string[] = [];
    for (const nth of ids.keys()) {
      await page.goto(consoleUrl('/keys?env=demo&service=warehouse'));
      const listed = page.getByRole('region', { name: /^Largest written/ }).getByRole('button', { name: /^order x{200}…$/ });
      await expect(listed).toHaveCount(ids.length);
      await listed.nth(nth).click();
      const value = page.getByRole('complementary', { name: 'Entry' }).getByText('"length":');
      opened.push(...((await value.textContent())?.match(/\d+/g) ?? []));
    }
    expect(opened.sort()).toEqual(ids.map((id) => `${id.length}`).sort());
  });
});

test('an id that an engine of an earlier build cut is shown, and leads to no other key', async ({ ada: page }) => {
  await inWarehouse((cache) => cache.set('order', '1', {}));
  const redis = new Redis(embeddedRedis());
  try {
    const frame = { v: 1, instance: 'earlier', at: Date.now(), durationMs: 1_000, entities: {} };
    const big = [{ entity: 'order', id: 'z'.repeat(200), count: 2_000_000 }];
    await redis.xadd('sideboard:demo:warehouse:frames', '*', 'f', JSON.stringify({ ...frame, big }));
  } finally {
    redis.disconnect();
  }
  await page.goto(consoleUrl('/keys?env=demo&service=warehouse'));
  const largest = page.getByRole('region', { name: /^Largest written/ });
  await expect(largest.getByRole('listitem').filter({ hasText: /^order z{200}…1\.9 MiB$/ })).toBeVisible();
  await expect(largest.getByRole('button', { name: /zz/ })).toHaveCount(0);
  await expect(largest.getByText('What is not underlined cannot be opened')).toBeVisible();
});

test('what instances hold themselves is shown, and whether they serve it', async ({ ada: page }) => {
  // Of the demo's entities this one is kept in its processes too, and this id is read most.
  await page.goto(consoleUrl('/keys?entity=country'));
  await page.getByRole('textbox', { name: /^Id/ }).fill('1');
  await page.keyboard.press('Enter');
  const entry = page.getByRole('complementary', { name: 'Entry' });
  await expect(entry.getByRole('heading', { name: 'country 1' })).toBeVisible();
  const nextRead = entry.getByRole('region', { name: 'Next read' });
  await expect(async () => {
    await nextRead.getByRole('button', { name: 'Ask again' }).click();
    await expect(nextRead).toContainText(/L1 holds \d+ B, loaded .* ago, served/, { timeout: 2_000 });
  }).toPass();
});

test('of a name without an entry the instances say what its next read does', async ({ ada: page }) => {
  await page.goto(consoleUrl('/keys'));
  await page.getByRole('combobox', { name: 'Entity' }).click();
  await page.getByRole('option', { name: 'country', exact: true }).click();
  await page.getByRole('textbox', { name: /^Id/ }).fill('no-such-country');
  await page.keyboard.press('Enter');
  await expect(page.getByText(/No entry of country has exactly the id/)).toBeVisible();
  const nextRead = page.getByRole('region', { name: 'Next read' });
  await expect(nextRead).toContainText('3 of 3 instances answered');
  await expect(nextRead).toContainText('load and fill: there is no entry under this version; the lease is free');
});

test('a walk says how far it came, stops, and goes on', async ({ ada: page }) => {
  await page.goto(consoleUrl('/keys'));
  await expect(page.getByText(/[\d,]+ found/).first()).toBeVisible();
  await expect(page.getByText(/SCAN calls/)).toBeVisible();
  const goOn = page.getByRole('button', { name: 'Keep scanning' });
  await expect(goOn.or(page.getByText(/complete/)).first()).toBeVisible();
  while (await goOn.isVisible()) {
    await expect(page.getByText(/partial/)).toBeVisible();
    await goOn.click();
    await expect(goOn.or(page.getByText(/complete/)).first()).toBeVisible();
  }
  await expect(page.getByText(/complete/)).toBeVisible();
});

test('hostile text in the filter is literal, and finds nothing', async ({ ada: page }) => {
  await page.goto(consoleUrl('/keys'));
  await page.getByRole('textbox', { name: /^Id/ }).fill('*[a-z]?:{}\\');
  await page.keyboard.press('Enter');
  await expect(page.getByText(/(^|\s)0 found|nothing|no key/i).first()).toBeVisible();
});
