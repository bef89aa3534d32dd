import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ExpectedError } from '../setup/expected-error.mjs';
import { identityOf, isAlive } from './process-identity.mjs';

const ATTEMPTS_MAX = 5;

/**
 * What a lock file means for a start.
 * @param {string | null} text what the file holds, null if there is none
 * @param {(identity: { pid: number, startedAt: string }) => boolean} alive
 * @returns {{ kind: 'free' } | { kind: 'stale' } | { kind: 'held', pid: number }}
 */
export function lockDecision(text, alive) {
  if (text === null) return { kind: 'free' };
  const holder = parseHolder(text);
  return holder !== null && alive(holder) ? { kind: 'held', pid: holder.pid } : { kind: 'stale' };
}

/**
 * Takes the data folder for this process.
 * @returns {() => void} gives it back
 * @throws {ExpectedError} when another start holds it
 */
export function takeLock(folder) {
  const file = path.join(folder, 'lock.json');
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    try {
      writeFileSync(file, JSON.stringify(identityOf(process.pid)), { flag: 'wx', mode: 0o600 });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const decision = lockDecision(readIfThere(file), isAlive);
    if (decision.kind === 'held') throw new ExpectedError(heldMessage(folder, decision.pid));
    rmSync(file, { force: true });
  }
  throw new ExpectedError(`Several starts want ${folder} at once. Run one of them.`);
}

function heldMessage(folder, pid) {
  return `Sideboard is already running on ${folder} (process ${pid}). npm run sign-in-link prints a way in; for a second one: SIDEBOARD_DIR=/another/folder PORT=3001 npm start`;
}

function parseHolder(text) {
  try {
    const value = JSON.parse(text);
    return Number.isInteger(value?.pid) && typeof value.startedAt === 'string' ? value : null;
  } catch {
    // Cut off while it was written: its writer is gone.
    return null;
  }
}

function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}
