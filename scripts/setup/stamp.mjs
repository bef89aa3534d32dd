import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { root } from './paths.mjs';

const SKIPPED_FOLDERS = new Set(['node_modules', 'dist', '.next']);
const TEST_FILE = /\.(test|spec)\.(ts|tsx|mjs)$/;

/** A hash over the contents of the given files and folders of the root; tests and what is built are left out. */
export async function hashSources(names) {
  const files = (await Promise.all(names.map((name) => filesOf(path.join(root, name))))).flat().sort();
  const contents = await Promise.all(files.map((file) => readFile(file)));
  const hash = createHash('sha256').update(process.versions.modules);
  files.forEach((file, i) => {
    hash.update(`\0${path.relative(root, file)}\0`).update(contents[i]);
  });
  return hash.digest('hex');
}

/** True if `stamp`, which lies beside what was made, holds this hash: deleting what was made deletes its stamp. */
export async function isStamped(stamp, hash) {
  if (!existsSync(path.join(root, stamp))) return false;
  return (await readFile(path.join(root, stamp), 'utf8')).trim() === hash;
}

export async function writeStamp(stamp, hash) {
  await writeFile(path.join(root, stamp), `${hash}\n`);
}

async function filesOf(place) {
  if (!existsSync(place)) return [];
  const entries = await readdir(place, { withFileTypes: true }).catch((error) => {
    if (error.code === 'ENOTDIR') return null;
    throw error;
  });
  if (entries === null) return [place];
  const kept = entries.filter((entry) => !(entry.isDirectory() ? SKIPPED_FOLDERS.has(entry.name) : TEST_FILE.test(entry.name)));
  const found = await Promise.all(
    kept.map((entry) => {
      const inside = path.join(place, entry.name);
      return entry.isDirectory() ? filesOf(inside) : entry.isFile() ? [inside] : [];
    }),
  );
  return found.flat();
}
