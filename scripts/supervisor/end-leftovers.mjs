import { setTimeout as delay } from 'node:timers/promises';
import { isAlive } from './process-identity.mjs';
import { readRunFile } from './run-file.mjs';

const END_MS_MAX = 5_000;

/** Ends what a killed supervisor left on this folder: only processes whose pid and start are those it wrote down. */
export async function endLeftovers(folder, report) {
  const left = Object.entries(readRunFile(folder)?.children ?? {}).filter(([, child]) => isAlive(child));
  if (left.length === 0) return;
  report(`ending what an earlier start left: ${left.map(([name]) => name).join(', ')}`);
  for (const [, child] of left) signal(child, 'SIGTERM');
  const deadlineMs = Date.now() + END_MS_MAX;
  while (left.some(([, child]) => isAlive(child)) && Date.now() < deadlineMs) await delay(100);
  for (const [, child] of left) if (isAlive(child)) signal(child, 'SIGKILL');
}

function signal(child, name) {
  try {
    process.kill(child.pid, name);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}
