import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * What runs on a data folder, for `npm run sign-in-link`, tests and drills.
 * @typedef {object} RunState
 * @property {{ pid: number, startedAt: string | null }} supervisor
 * @property {string} url where a browser on this machine finds the console
 * @property {number} port
 * @property {boolean} ready true once the console has answered
 * @property {{ redis: string | null, store: string | null, origin: string | null }} urls of what runs embedded; with passwords
 * @property {Record<string, { pid: number | null, startedAt: string | null, state: string, restarts: number }>} children
 */

const fileOf = (folder) => path.join(folder, 'run.json');

/** @param {string} folder @returns {RunState | null} null when nothing was left there */
export function readRunFile(folder) {
  try {
    return JSON.parse(readFileSync(fileOf(folder), 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT' || error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Readers see the old one or the new one, never half. @param {string} folder @param {RunState} state */
export function writeRunFile(folder, state) {
  const next = `${fileOf(folder)}.next`;
  writeFileSync(next, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  renameSync(next, fileOf(folder));
}

export function removeRunFile(folder) {
  rmSync(fileOf(folder), { force: true });
}
