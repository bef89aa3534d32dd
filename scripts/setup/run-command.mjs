import { spawn } from 'node:child_process';
import { root } from './paths.mjs';

const OUTPUT_CHARS_MAX = 200_000;

/** Ends with its children when this process is told to end; see `endCommands`. */
const running = new Set();

/**
 * Runs a command in the root folder to its end, and keeps the last of what it printed.
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: Record<string, string | undefined>, timeoutMs?: number }} [options]
 * @returns {Promise<{ code: number, output: string }>} code 124 after `timeoutMs`, 127 when the command does not exist
 */
export function runCommand(command, args, { env = {}, timeoutMs } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    running.add(child);
    let output = '';
    let timedOut = false;
    const keep = (chunk) => {
      output = (output + chunk).slice(-OUTPUT_CHARS_MAX);
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            endGroup(child, 'SIGKILL');
          }, timeoutMs);
    const done = (code) => {
      clearTimeout(timer);
      running.delete(child);
      resolve({ code: timedOut ? 124 : code, output: timedOut ? `${output}\ngiven up after ${timeoutMs} ms` : output });
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

/** Ends every command that still runs, with what it started. */
export function endCommands() {
  for (const child of running) endGroup(child, 'SIGTERM');
}

function endGroup(child, signal) {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/** Ends the process and what it runs when it is told to: the commands have process groups of their own, so Ctrl-C misses them. */
export function endWithCommands() {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ]) {
    process.on(signal, () => {
      endCommands();
      process.exit(code);
    });
  }
}
