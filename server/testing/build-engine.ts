import { execFileSync } from 'node:child_process';
import path from 'node:path';

export const root: string = path.resolve(import.meta.dirname, '../..');

/** Brings `server/engine/dist` up to date, for tests that run the built package. */
export function buildEngine(): void {
  execFileSync('npx', ['tsc', '-b', 'server/engine'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
}
