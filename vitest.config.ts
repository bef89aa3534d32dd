import { defineConfig } from 'vitest/config';

/** `npm test` runs one project at a time. Asked for all, vitest runs groups one after the other, and wants one number of workers in each. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['server/**/*.test.ts', 'components/**/*.test.{ts,tsx}', 'scripts/**/*.test.mjs'],
          exclude: ['**/*.int.test.ts', '**/dist/**', '**/node_modules/**'],
          // One context for all files of a thread: no module keeps state, and imports were two thirds of the time.
          pool: 'threads',
          isolate: false,
          // How long a busy machine takes says nothing.
          testTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'integration',
          include: ['server/**/*.int.test.ts'],
          exclude: ['server/testing/history/**', '**/dist/**', '**/node_modules/**'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Each file has servers of its own, so two of them share nothing but the two cores…
          maxWorkers: 2,
          // …and, as in unit tests, what they import: once for each worker, where once for each file was a fifth of the time.
          isolate: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          // Several processes at full speed: it has the machine to itself.
          name: 'history',
          include: ['server/testing/history/**/*.int.test.ts'],
          exclude: ['**/dist/**', '**/node_modules/**'],
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
