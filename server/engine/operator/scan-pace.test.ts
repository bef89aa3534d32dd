import fc from 'fast-check';
import { expect, it } from 'vitest';
import { dataKeyPattern } from '../keys.ts';
import { AdaptiveCount } from './adaptive-count.ts';
import { Turnstile } from './turnstile.ts';

it('COUNT starts at 100, doubles to 1,000 while calls are cheap, halves when one is dear, and asks for no more than is wanted', () => {
  const count = new AdaptiveCount();
  expect(count.next(10_000, 1)).toBe(100);
  for (let call = 0; call < 6; call += 1) count.took(0.2);
  expect(count.next(10_000, 1)).toBe(1_000);
  expect(count.next(10_000, 0)).toBe(1_000);
  expect(count.next(200, 0.5)).toBe(400);
  expect(count.next(1, 1)).toBe(100);
  count.took(1.5);
  expect(count.next(10_000, 1)).toBe(1_000);
  count.took(2.5);
  expect(count.next(10_000, 1)).toBe(500);
  for (let call = 0; call < 9; call += 1) count.took(50);
  expect(count.next(10_000, 1)).toBe(100);
});

it('the turnstile lets one at a time through, in order, and goes on after one that fails', async () => {
  const turnstile = new Turnstile();
  const log: string[] = [];
  const turn = (name: string, fails = false) =>
    turnstile.pass(async () => {
      log.push(`${name} in`);
      await Promise.resolve();
      log.push(`${name} out`);
      if (fails) throw new Error(name);
      return 0;
    });
  const results = await Promise.allSettled([turn('a'), turn('b', true), turn('c')]);
  expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(log).toEqual(['a in', 'a out', 'b in', 'b out', 'c in', 'c out']);
});

it('a pattern holds no glob character but its own stars, whatever the names are', () => {
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 });
  const globbed = fc
    .array(fc.constantFrom('*', '?', '[', ']', '\\', '^', ':', '{', '}', 'a'), { minLength: 1 })
    .map((list) => list.join(''));
  const name = fc.oneof(text, globbed);
  fc.assert(
    fc.property(name, name, name, name, (env, service, entity, idPrefix) => {
      const pattern = dataKeyPattern({ env, service }, { entity, idPrefix });
      const parts = pattern.split(':');
      expect(parts).toHaveLength(5);
      expect(parts[2]).toBe('*');
      expect(parts[4]?.endsWith('*')).toBe(true);
      expect(pattern.replaceAll(/^|:\*:|\*$/g, '')).not.toMatch(/[*?[\]\\]/);
    }),
    { numRuns: 60 },
  );
}, 30_000);
