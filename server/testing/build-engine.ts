import { execFileSync } from 'node:child_process';
import path from 'node:path';

export const root: string = path.resolve(import.meta.dirname, '../..');

/** By this Node: starting it through npx costs as long again. */
const tsc = path.join(root, 'node_modules/typescript/bin/tsc');

/** Brings `server/engine/dist` up to date, for tests that run the built package. */
export function buildEngine(): void {
  build('server/engine');
}

/** Brings the processes of the history up to date, and the engine that they run. */
export function buildHistory(): void {
  build('server/testing/history');
}

function build(project: string): void {
  execFileSync(process.execPath, [tsc, '-b', project], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
}
