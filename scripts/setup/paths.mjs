import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '../..');

/** Everything that a start writes of its own: data, logs, state. `$SIDEBOARD_DIR`, default `<root>/.sideboard`. */
export function dataFolder(env = process.env) {
  return path.resolve(root, env.SIDEBOARD_DIR || '.sideboard');
}

/** The program of a dependency, run by this Node: starting it through npx costs half a second. */
export const programs = {
  next: path.join(root, 'node_modules/next/dist/bin/next'),
  tsc: path.join(root, 'node_modules/typescript/bin/tsc'),
  biome: path.join(root, 'node_modules/@biomejs/biome/bin/biome'),
  depcruise: path.join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs'),
  knip: path.join(root, 'node_modules/knip/bin/knip.js'),
  vitest: path.join(root, 'node_modules/vitest/vitest.mjs'),
  playwright: path.join(root, 'node_modules/playwright/cli.js'),
};
