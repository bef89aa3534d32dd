import { spawn } from 'node:child_process';
import { endFamily } from './end-family.mjs';
import { root } from './paths.mjs';

const OUTPUT_CHARS_MAX = 200_000;
/** A supervisor that is told to end needs 4 s at most for what it started. */
const GRACE_MS = 8_000;

/** Ends with its children when this process is told to end; see `endCommands`. */
const running = new Set();
let ending = false;
const hurry = new AbortController();

/**
 * Runs a command in the root folder to its end, and keeps the last of what it printed. Once `endCommands` was called it never resolves:
 * nothing is to follow.
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: Record<string, string | undefined>, timeoutMs?: number, graceMs?: number }} [options] `graceMs`: for it and what it
 * started to end by themselves after `timeoutMs`
 * @returns {Promise<{ code: number, output: string }>} code 124 after `timeoutMs`, when it and all that it started have ended; 127 when
 * the command does not exist
 */
export function runCommand(command, args, { env = {}, timeoutMs, graceMs = GRACE_MS } = {}) {
  return new Promise((resolve, reject) => {
    if (ending) return;
    const child = spawn(command, args, { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    running.add(child);
    let output = '';
    let givingUp = null;
    const keep = (chunk) => {
      output = (output + chunk).slice(-OUTPUT_CHARS_MAX);
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            givingUp = endFamily(child.pid, { graceMs, hurry: hurry.signal });
          }, timeoutMs);
    const tell = (code) => {
      running.delete(child);
      if (ending) return;
      resolve(givingUp === null ? { code, output } : { code: 124, output: `${output}\ngiven up after ${timeoutMs} ms` });
    };
    const done = (code) => {
      clearTimeout(timer);
      Promise.resolve(givingUp).then(() => tell(code), reject);
    };
    child.once('error', (error) => {
      output += error.message;
      done(127);
    });
    child.once('close', (code) => done(code ?? 1));
  });
}

/** Runs a file of JavaScript by this Node. */
export function runNode(file, args, options) {
  return runCommand(process.execPath, [file, ...args], options);
}

/** Ends every command that still runs, with all that it started. Called again while it does so, it waits for nothing more. */
export async function endCommands(graceMs = GRACE_MS) {
  if (ending) hurry.abort();
  ending = true;
  const leaders = [...running].flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  await Promise.all(leaders.map((pid) => endFamily(pid, { graceMs, hurry: hurry.signal })));
}

/** Ends the process and what it runs when it is told to: the commands have process groups of their own, so Ctrl-C misses them. */
export function endWithCommands(graceMs = GRACE_MS) {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ]) {
    const end = () => process.exit(code);
    process.on(signal, () => {
      endCommands(graceMs).then(end, end);
    });
  }
}
