import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';

/** A file past this is put aside, and the one put aside before it is dropped: the end of a history tells what went wrong. */
const FILE_BYTES_MAX = 64 * 1024 * 1024;

/** The history as JSON lines: `history.jsonl`, and before it `history.older.jsonl`. */
export class HistoryLog {
  readonly path: string;
  readonly #olderPath: string;
  #file: number;
  #bytes = 0;

  constructor(dir: string) {
    this.path = path.join(dir, 'history.jsonl');
    this.#olderPath = path.join(dir, 'history.older.jsonl');
    this.#file = openSync(this.path, 'w');
  }

  append(lines: readonly unknown[]): void {
    if (lines.length === 0) return;
    const text = `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`;
    this.#bytes += writeSync(this.#file, text);
    if (this.#bytes < FILE_BYTES_MAX) return;
    closeSync(this.#file);
    rmSync(this.#olderPath, { force: true });
    renameSync(this.path, this.#olderPath);
    this.#file = openSync(this.path, 'w');
    this.#bytes = 0;
  }

  close(): void {
    closeSync(this.#file);
  }
}
