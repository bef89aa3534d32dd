import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** One rule of the protocol taken out of the built engine. */
export interface SeededBug {
  readonly name: string;
  readonly edits: readonly Edit[];
}

interface Edit {
  readonly file: string;
  /** Must stand exactly once in `file`, from `after` on where that is given. */
  readonly find: string;
  readonly after?: string;
  readonly replace: string;
}

/** A copy of the built engine with the bug in it, within `root` so that it finds its dependencies. Throws if the code has moved away from the bug. */
export function breakEngine(root: string, engineDist: string, bug: SeededBug): string {
  const parent = path.join(root, '.sideboard');
  mkdirSync(parent, { recursive: true });
  const dir = mkdtempSync(path.join(parent, 'broken-engine-'));
  cpSync(engineDist, path.join(dir, 'dist'), { recursive: true });
  writeFileSync(path.join(dir, 'package.json'), readFileSync(path.join(engineDist, '../package.json')));
  for (const edit of bug.edits) {
    const file = path.join(dir, 'dist', edit.file);
    writeFileSync(file, applyEdit(readFileSync(file, 'utf8'), edit, bug.name));
  }
  return dir;
}

function applyEdit(text: string, { file, find, after, replace }: Edit, name: string): string {
  const from = after === undefined ? 0 : text.indexOf(after);
  const at = text.indexOf(find, from);
  const twice = after === undefined && text.indexOf(find, at + 1) !== -1;
  if (from === -1 || at === -1 || twice) throw new Error(`the bug "${name}" has lost its place in ${file}`);
  return text.slice(0, at) + replace + text.slice(at + find.length);
}
