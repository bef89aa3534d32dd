import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';

/** Places where package managers put servers, even when PATH does not have them. */
const USUAL_FOLDERS = ['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin'];

/**
 * The path of the first program that exists, in the order of `names`, or null.
 * @param {readonly string[]} names
 * @param {Record<string, string | undefined>} [env]
 */
export function findProgram(names, env = process.env, usual = USUAL_FOLDERS) {
  const folders = [...(env.PATH ?? '').split(path.delimiter).filter((folder) => folder !== ''), ...usual];
  for (const name of names) {
    for (const folder of folders) if (isProgram(path.join(folder, name))) return path.join(folder, name);
  }
  return null;
}

export function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch (error) {
    // Not there or not ours to run: either way it is no program for us.
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(error.code)) return false;
    throw error;
  }
}
