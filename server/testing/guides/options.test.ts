import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { CACHE_OPTIONS, parseCacheOptions } from '../../engine/parse-cache-options.ts';
import { POLICY_FIELDS, resolvePolicy } from '../../engine/policy.ts';

const guide = readFileSync(path.resolve(import.meta.dirname, '../../../docs/guides/options.md'), 'utf8');

/** The rows of the tables under a heading, by their first cell. */
function rowsUnder(heading: string, firstCell: string): Map<string, string[]> {
  const [, section = ''] = guide.split(`## ${heading}\n`);
  const [, table = ''] = (section.split('\n## ')[0] ?? '').split(new RegExp(`^\\| ${firstCell} .*\\n\\|[-| ]+\\n`, 'm'));
  const lines = (table.split('\n\n')[0] ?? '').split('\n').filter((line) => line.startsWith('|'));
  return new Map(
    lines.map((line) => {
      const [name = '', ...cells] = line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim());
      return [name.replaceAll(/[`']/g, ''), cells];
    }),
  );
}

/** A default that is a plain number, a boolean or a name; undefined for one that is told in words. */
function plain(cell: string | undefined): unknown {
  if (cell === undefined) return undefined;
  if (/^[\d,.]+$/.test(cell)) return Number(cell.replaceAll(',', ''));
  return cell === '`true`' ? true : cell === '`false`' ? false : /^`'([a-z-]+)'`$/.exec(cell)?.[1];
}

const options = rowsUnder('Of the cache', 'option');
const fields = rowsUnder('Of a policy', 'field');
const classes = rowsUnder('Of a policy', 'class');
const DEFAULT_CELL = 2;

describe('the guide to the options', () => {
  it('names every option of a cache and every field of a policy, and no other', () => {
    expect([...options.keys()].toSorted()).toEqual([...CACHE_OPTIONS].toSorted());
    expect([...fields.keys()].toSorted()).toEqual([...POLICY_FIELDS].toSorted());
  });

  it('states the defaults that are in force', () => {
    const parsed = parseCacheOptions({ env: 'e', service: 's', redis: 'redis://127.0.0.1', policies: {}, l1: {} });
    const stated = [...options].flatMap(([name, cells]) => {
      const value = plain(cells[DEFAULT_CELL]);
      return value === undefined ? [] : [[name, value] as const];
    });
    expect(stated.length).toBeGreaterThan(7);
    for (const [name, value] of stated) expect(parsed, name).toHaveProperty(name, value);

    const { form, ...policy } = resolvePolicy({ ttl: '10min' });
    const inForce: Record<string, unknown> = { ...policy, ...form, earlyRefresh: policy.earlyRefresh.kind };
    const claimed = [...fields].flatMap(([name, cells]) => {
      const value = plain(cells[DEFAULT_CELL]);
      return value === undefined ? [] : [[name, value] as const];
    });
    expect(claimed.length).toBeGreaterThan(12);
    for (const [name, value] of claimed) expect(inForce[name] ?? inForce[`${name}Ms`], name).toBe(value);
  });

  it('states what each class fills in', () => {
    const ms = (text: string) => (text === '0' ? 0 : resolvePolicy({ ttl: text }).ttlMs);
    const stated = [...classes].flatMap(([name, [ttl = '', jitter = '', staleWindow = '']]) =>
      name === 'none' ? [] : [[name, { ttlMs: ms(ttl), jitter: Number(jitter), staleMs: ms(staleWindow) }] as const],
    );
    expect(stated).toHaveLength(5);
    for (const [name, filled] of stated) expect(resolvePolicy({ class: name }), name).toMatchObject(filled);
  });
});
