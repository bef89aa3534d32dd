import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import vitestConfig from '../../vitest.config.ts';

const root = path.resolve(import.meta.dirname, '../..');
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '' && existsSync(path.join(root, file)));
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const workers = z.object({ test: z.object({ maxWorkers: z.number().optional(), sequence: z.object({ groupOrder: z.number() }) }) });
const sources = tracked.filter((file) => /\.(ts|tsx|mjs)$/.test(file));

/** `file:line: text` of each line that matches, over the given files. */
function lines(files: readonly string[], pattern: RegExp): string[] {
  return files.flatMap((file) =>
    read(file)
      .split('\n')
      .flatMap((text, index) => (pattern.test(text) ? [`${file}:${index + 1}: ${text.trim()}`] : [])),
  );
}

describe('the house is tidy', () => {
  it('no test sleeps', () => {
    const tests = sources.filter((file) => /\.(test|spec)\.tsx?$/.test(file) && !file.endsWith('tidy.test.ts'));
    expect(lines(tests, /waitForTimeout|\bsleep\(|setTimeout\((r|res|resolve)\b/)).toEqual([]);
  });

  it('no error is silenced, no test skipped, no work left for later', () => {
    const files = sources.filter((file) => !file.endsWith('tidy.test.ts'));
    expect(lines(files, /TODO|FIXME|@ts-(ignore|nocheck)|\.(skip|only|fixme)\(|as unknown as/)).toEqual([]);
  });

  it('addresses within the console are made by hrefs.ts alone', () => {
    const files = sources.filter((file) => /^(app|components)\//.test(file));
    expect(lines(files, /(href|push|replace)[=(]\s*\{?\s*['"`]\/(keys|versions|policies|lab)/)).toEqual([]);
  });

  it('Lua lives in scripts.ts and key prefixes in keys.ts', () => {
    const files = sources.filter((file) => file.startsWith('server/') && !/\.test\.ts$|server\/testing\//.test(file));
    expect(
      lines(
        files.filter((file) => !file.endsWith('engine/scripts.ts')),
        /redis\.p?call\(/,
      ),
    ).toEqual([]);
    expect(
      lines(
        files.filter((file) => !file.endsWith('engine/keys.ts')),
        /['"`]sideboard:/,
      ),
    ).toEqual([]);
  });

  it('the environment is read in env files alone', () => {
    const files = sources.filter((file) => /^(app|components|server)\//.test(file) && !/\.test\.ts$|server\/testing\//.test(file));
    const readers = new Set(lines(files, /process\.env\b/).map((line) => line.split(':')[0]));
    expect([...readers].filter((file) => !/(^|\/)(env|redis-from-env)\.ts$/.test(file ?? ''))).toEqual([]);
  });

  it('paths that the docs name exist', () => {
    const docs = tracked.filter((file) => file.endsWith('.md'));
    const missing = docs.flatMap((file) =>
      [...read(file).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].flatMap(([, target]) =>
        target !== undefined && !existsSync(path.resolve(root, path.dirname(file), target)) ? [`${file}: ${target}`] : [],
      ),
    );
    expect(missing).toEqual([]);
  });

  it('vitest takes all projects at once: those of one group have one number of workers', () => {
    const numbers = new Map<number, Set<number | undefined>>();
    for (const { test } of z.array(workers).parse(vitestConfig.test?.projects)) {
      const { groupOrder } = test.sequence;
      numbers.set(groupOrder, (numbers.get(groupOrder) ?? new Set()).add(test.maxWorkers));
    }
    expect([...numbers.values()].filter((set) => set.size > 1)).toEqual([]);
  });

  it('operators on closed networks load nothing from outside', () => {
    const files = tracked.filter((file) => /^(app|components)\/.*\.(ts|tsx|css)$/.test(file));
    expect(lines(files, /https?:\/\/(?!127\.0\.0\.1|localhost|www\.w3\.org)/)).toEqual([]);
  });
});
