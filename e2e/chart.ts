import { expect, type Locator, type Page } from 'playwright/test';

/** One second of a chart, as its table shows it: the series by name, null where nobody reported. */
export type ChartSecond = Record<string, number | null>;

/** The section of the chart that answers `title`. */
export function chart(page: Page, title: string | RegExp): Locator {
  return page.getByRole('region', { name: title }).first();
}

/** Turns a chart into its table, for those who cannot read a chart: a journey is one of them. */
export async function showAsTable(section: Locator): Promise<void> {
  await section.getByRole('button', { name: /as a table/ }).click();
  await expect(section.getByRole('table')).toBeVisible();
}

/** All seconds of a chart that is shown as a table, newest first, read at one moment. */
export async function seconds(section: Locator): Promise<(ChartSecond & { time: string })[]> {
  return section.getByRole('table').evaluate((table) => {
    const names = [...table.querySelectorAll('thead th')].slice(1).map((cell) => cell.textContent ?? '');
    return [...table.querySelectorAll('tbody tr')].map((row) => {
      const [time, ...cells] = [...row.children].map((cell) => cell.textContent ?? '');
      const values = names.map((name, index) => {
        const number = /^[\d,.]+/.exec(cells[index] ?? '')?.[0];
        return [name, number === undefined ? null : Number(number.replaceAll(',', ''))] as const;
      });
      return Object.assign(Object.fromEntries(values), { time: time ?? '' });
    });
  });
}

interface WaitOptions {
  /** Looks only at what is newer than the second of this time. */
  after?: string;
  timeout?: number;
}

/** Waits until one of the chart's seconds is as wanted, and returns the newest that is. */
export function waitForSecond(
  section: Locator,
  what: string,
  wanted: (second: ChartSecond) => boolean,
  options: WaitOptions = {},
): Promise<ChartSecond & { time: string }> {
  return waitForSpan(section, 1, what, wanted, options);
}

/** Waits until the sum of so many seconds in a row is as wanted, and returns the newest that is, with the time of its last second. */
export async function waitForSpan(
  section: Locator,
  length: number,
  what: string,
  wanted: (sum: ChartSecond) => boolean,
  options: WaitOptions = {},
): Promise<ChartSecond & { time: string }> {
  let found: (ChartSecond & { time: string }) | undefined;
  await expect
    .poll(
      async () => {
        const newestFirst = await seconds(section);
        const end = newestFirst.findIndex((second) => second.time === options.after);
        found = spans(end < 0 ? newestFirst : newestFirst.slice(0, end), length).find(wanted);
        return found !== undefined;
      },
      { message: `${length} s in which ${what}`, timeout: options.timeout ?? 20_000 },
    )
    .toBe(true);
  if (found === undefined) throw new Error(`no ${length} s in which ${what}`);
  return found;
}

function spans(newestFirst: readonly (ChartSecond & { time: string })[], length: number): (ChartSecond & { time: string })[] {
  if (length === 1) return [...newestFirst];
  return newestFirst.slice(0, Math.max(0, newestFirst.length - length + 1)).map((last, at) => {
    const all = newestFirst.slice(at, at + length);
    const names = Object.keys(last).filter((name) => name !== 'time');
    const sums = Object.fromEntries(names.map((name) => [name, all.reduce((sum, second) => sum + Number(second[name] ?? 0), 0)]));
    return Object.assign(sums, { time: last.time });
  });
}
