import { DatabaseError } from 'pg';
import { describe, expect, it } from 'vitest';
import { countryRows, productRow, SIZES } from './catalogue.ts';
import { readDemoEnv } from './env.ts';
import { createRandom } from './random.ts';
import { reachOrigin } from './reach-origin.ts';
import { createTroubleLog } from './trouble-log.ts';
import { createZipf } from './zipf.ts';

describe('the demo is reproducible', () => {
  it('the same seed makes the same rows, another seed others', () => {
    expect(productRow(1, 42)).toEqual(productRow(1, 42));
    expect(productRow(2, 42)).not.toEqual(productRow(1, 42));
  });
  it('the same seed draws the same ids', () => {
    const draws = (seed: number) => {
      const draw = createZipf(1_000, 1, createRandom(seed, 'requests', 0));
      return Array.from({ length: 50 }, draw);
    };
    expect(draws(1)).toEqual(draws(1));
    expect(draws(2)).not.toEqual(draws(1));
  });
});

describe('the catalogue', () => {
  it('has products of about 1 KB and every country', () => {
    expect(JSON.stringify(productRow(1, 1)).length).toBeGreaterThan(800);
    expect(JSON.stringify(productRow(1, 1)).length).toBeLessThan(1_300);
    expect(countryRows(1)).toHaveLength(SIZES.countries);
  });
});

describe("Zipf's law", () => {
  it('reaches only ids that exist, and draws the hottest one most', () => {
    const draw = createZipf(100, 1, createRandom('zipf'));
    const counts = new Map<number, number>();
    for (let i = 0; i < 20_000; i += 1) {
      const id = draw();
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    const byCount = [...counts.values()].sort((a, b) => b - a);
    expect([...counts.keys()].every((id) => id >= 1 && id <= 100)).toBe(true);
    expect(counts.size).toBe(100);
    expect((byCount[0] ?? 0) / (byCount[9] ?? 1)).toBeGreaterThan(5);
  });
});

describe('the environment of a shop', () => {
  const needed = { DEMO_DATABASE_URL: 'postgres://x@127.0.0.1/x' };
  it('shares the rate of the fleet among its shops', () => {
    expect(readDemoEnv({ ...needed, DEMO_READS_PER_SECOND: '90', DEMO_SHOPS: '3' }).readsPerSecond).toBe(30);
  });
  it('says which value is wrong', () => {
    expect(() => readDemoEnv({ ...needed, DEMO_SEED: 'x' })).toThrow('DEMO_SEED must be a whole number');
    expect(() => readDemoEnv({})).toThrow('DEMO_DATABASE_URL is not set');
  });
});

describe('trouble', () => {
  it('is told of once when it begins and once when it ends', () => {
    const lines: string[] = [];
    let nowMs = 0;
    const trouble = createTroubleLog(
      'reading',
      (line) => lines.push(line),
      () => nowMs,
    );
    for (let i = 0; i < 100; i += 1) trouble.failed(new Error('gone'));
    nowMs = 2_000;
    trouble.failed(new Error('gone'));
    trouble.look();
    expect(lines).toEqual(['reading began to fail: Error: gone']);
    nowMs = 6_000;
    trouble.look();
    expect(lines.at(-1)).toBe('reading works again after 2.0 s and 101 failures');
    expect(trouble.total()).toBe(101);
  });
});

describe('an origin that is away', () => {
  const refusedSql = () => Object.assign(new DatabaseError('no such table', 0, 'error'), { code: '42P01' });

  it('is waited for, with one line for the outage', async () => {
    const lines: string[] = [];
    const trouble = createTroubleLog(
      'the origin',
      (line) => lines.push(line),
      () => 0,
    );
    const answers = [new Error('connect ECONNREFUSED'), new Error('Connection terminated due to connection timeout')];
    const work = async () => {
      const failure = answers.shift();
      if (failure !== undefined) throw failure;
      return 'there';
    };
    expect(await reachOrigin(work, trouble, new AbortController().signal, async () => undefined)).toBe('there');
    expect(lines).toEqual(['the origin began to fail: Error: connect ECONNREFUSED']);
  });

  it('is not waited for once the shop is told to end', async () => {
    const trouble = createTroubleLog(
      'the origin',
      () => undefined,
      () => 0,
    );
    const ending = new AbortController();
    const work = () => Promise.reject(new Error('connect ECONNREFUSED'));
    expect(await reachOrigin(work, trouble, ending.signal, async () => ending.abort())).toBeUndefined();
  });

  it('is no reason to repeat what it refused', async () => {
    const trouble = createTroubleLog(
      'the origin',
      () => undefined,
      () => 0,
    );
    const work = () => Promise.reject(refusedSql());
    await expect(reachOrigin(work, trouble, new AbortController().signal, async () => undefined)).rejects.toThrow('no such table');
  });
});
