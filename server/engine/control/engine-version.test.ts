import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { engineVersion } from './engine-version.ts';

it('is the version of the package', () => {
  expect(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))).toMatchObject({ version: engineVersion });
});
