import { closeSync, openSync, renameSync, writeSync } from 'node:fs';
import path from 'node:path';

const BYTES_MAX = 5 << 20;
const LAST_LINES = 20;

/**
 * The log of one child: `<folder>/<name>.log`, at most 5 MB, and the one before it as `.log.1`.
 * @returns {{ file: string, write(chunk: Buffer): void, lastLines(): string[], close(): void }}
 */
export function openChildLog(folder, name) {
  const file = path.join(folder, `${name}.log`);
  let last = [];
  let size = 0;
  let fd = null;
  const rotate = () => {
    if (fd !== null) closeSync(fd);
    try {
      renameSync(file, `${file}.1`);
    } catch (error) {
      if (error.code !== 'ENOENT') throw error;
    }
    fd = openSync(file, 'a', 0o600);
    size = 0;
  };
  rotate();
  return {
    file,
    write(chunk) {
      if (fd === null) return;
      if (size + chunk.length > BYTES_MAX) rotate();
      writeSync(fd, chunk);
      size += chunk.length;
      const lines = chunk
        .toString('utf8')
        .split('\n')
        .map((line) => line.trimEnd())
        .filter((line) => line !== '');
      last = [...last, ...lines].slice(-LAST_LINES);
    },
    lastLines: () => last,
    close() {
      if (fd !== null) closeSync(fd);
      fd = null;
    },
  };
}
