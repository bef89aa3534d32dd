import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countPlaywright, countVitest, readCounts, sawTooLittle } from './report-counts.mjs';

let folder;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'sideboard-counts-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const report = (content) => {
  const file = path.join(folder, 'report.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
};
const green = { numPassedTests: 3, numFailedTests: 0, testResults: [] };

describe('counting tests', () => {
  it('a file that could not be loaded counts as failed', () => {
    const testResults = [
      { status: 'failed', assertionResults: [] },
      { status: 'failed', assertionResults: [{ status: 'failed' }] },
    ];
    expect(countVitest({ numPassedTests: 3, numFailedTests: 1, testResults })).toEqual({ passed: 3, failed: 2 });
  });
  it('a flaky journey counts as failed', () => {
    expect(countPlaywright({ stats: { expected: 4, unexpected: 1, flaky: 1, skipped: 0 } })).toEqual({ passed: 4, failed: 2 });
  });
  it('a green report is green', () => {
    expect(readCounts(report(green), countVitest, 0)).toEqual({ passed: 3, failed: 0, problem: null });
  });
  it('a runner that ended badly is never green, whatever its report says', () => {
    expect(readCounts(report(green), countVitest, 1)).toMatchObject({ failed: 1, problem: 'ended with code 1' });
    expect(readCounts(report('{"numPas'), countVitest, 0)).toMatchObject({ passed: 0, failed: 1 });
    expect(readCounts(path.join(folder, 'none.json'), countVitest, 0)).toMatchObject({ passed: 0, failed: 1 });
    expect(readCounts(report({ ...green, numPassedTests: 0 }), countVitest, 0)).toMatchObject({ failed: 1, problem: 'ran no test' });
  });
});

describe('the boundary check', () => {
  it('is believed only when it saw the modules', () => {
    expect(sawTooLittle('✔ no dependency violations found (411 modules, 1486 dependencies cruised)')).toBeNull();
    expect(sawTooLittle('✔ no dependency violations found (0 modules, 0 dependencies cruised)')).toBe(
      'it saw 0 modules and 0 dependencies',
    );
    expect(sawTooLittle('')).toMatch(/no modules/);
  });
});
