import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { seconds } from '../setup/progress.mjs';
import { backoffMs, failuresAfter } from './backoff.mjs';
import { startOf } from './process-identity.mjs';
import { waitUntil } from './wait-until.mjs';

const HOLD_LOOK_MS = 250;
const LAST_WORDS_CHARS_MAX = 200;

/**
 * @typedef {object} ChildSpec
 * @property {string} name also of its log and its hold file
 * @property {string} command
 * @property {string[]} args
 * @property {Record<string, string | undefined>} env in addition to the supervisor's own
 * @property {() => Promise<boolean>} [isReady] absent: ready once started
 */

/**
 * Keeps one child process running until it is told to stop: an end that nobody asked for is reported in one line and followed by
 * a new start, later each time. While the file `holdFile` exists a child that ended stays down, for drills.
 * @param {ChildSpec} spec
 * @param {{ cwd: string, holdFile: string, log: import('./child-log.mjs').ChildLog, report: (line: string) => void, changed: () => void }} host
 */
export function superviseChild(spec, { cwd, holdFile, log, report, changed }) {
  const stopping = new AbortController();
  let process_ = null;
  let state = 'starting';
  let startedAt = null;
  let restarts = 0;
  let failures = 0;
  let wasReady = false;
  let tellReady = () => {};
  const ready = new Promise((resolve) => {
    tellReady = resolve;
  });

  function become(next) {
    state = next;
    changed();
  }

  /** Runs the child once; resolves when it has ended, with how. */
  async function runOnce() {
    const child = spawn(spec.command, spec.args, {
      cwd,
      env: { ...process.env, ...spec.env, SIDEBOARD_SUPERVISOR_PID: String(process.pid) },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own: Ctrl-C reaches the supervisor alone, which ends all in order.
      detached: true,
    });
    process_ = child;
    const ended = new AbortController();
    const end = new Promise((resolve) => {
      child.once('error', (error) => resolve(`could not be started: ${error.message}`));
      child.once('exit', (code, signal) =>
        resolve(signal === null ? `ended with code ${code}${lastWords(log)}` : `was ended by ${signal}`),
      );
    });
    child.stdout.on('data', log.write);
    child.stderr.on('data', log.write);
    startedAt = child.pid === undefined ? null : startOf(child.pid);
    become('starting');
    const readiness = waitUntil(spec.isReady ?? (async () => true), ended.signal).then((isReady) => {
      if (!isReady) return;
      if (wasReady) report(`${spec.name} is back`);
      wasReady = true;
      become('ready');
      tellReady(true);
    });
    const how = await end;
    ended.abort();
    await readiness;
    // What it started itself goes with it.
    signalGroup(child, 'SIGKILL');
    process_ = null;
    startedAt = null;
    return how;
  }

  async function pause(ms) {
    // Rejects only when told to stop, which the loop looks at.
    await delay(ms, undefined, { signal: stopping.signal }).catch(() => {});
  }

  async function stayHeld() {
    if (!existsSync(holdFile)) return;
    report(`${spec.name} is held down while ${holdFile} exists`);
    become('held');
    while (existsSync(holdFile) && !stopping.signal.aborted) await pause(HOLD_LOOK_MS);
  }

  async function runUntilStopped() {
    while (!stopping.signal.aborted) {
      const startedMs = Date.now();
      const how = await runOnce();
      if (stopping.signal.aborted) break;
      failures = failuresAfter(failures, Date.now() - startedMs);
      const waitMs = existsSync(holdFile) ? 0 : backoffMs(failures);
      report(`${spec.name} ${how}${waitMs === 0 ? '' : `; starting it again in ${seconds(waitMs)}`}`);
      become('waiting');
      await stayHeld();
      await pause(waitMs);
      restarts += 1;
    }
    become('stopped');
  }

  const done = runUntilStopped();
  return {
    name: spec.name,
    /** Resolves when the child is ready for the first time. */
    ready,
    log,
    /** Ends in a row. */
    failures: () => failures,
    describe: () => ({ pid: process_?.pid ?? null, startedAt, state, restarts }),
    /** Resolves when the child has ended, by force after `msMax`. */
    async stop(msMax) {
      stopping.abort();
      if (process_ !== null) signalGroup(process_, 'SIGTERM');
      const force = setTimeout(() => {
        if (process_ !== null) signalGroup(process_, 'SIGKILL');
      }, msMax);
      await done;
      clearTimeout(force);
      log.close();
    },
    kill() {
      stopping.abort();
      if (process_ !== null) signalGroup(process_, 'SIGKILL');
    },
  };
}

/** What the child said of its end: the line of its error, not the stack below it. */
function lastWords(log) {
  const lines = log.lastLines().filter((line) => !/^\s*(at |[{}\]]|Node\.js v)/.test(line));
  const said = lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1);
  return said === undefined ? '' : ` (its last words: ${said.trim().slice(0, LAST_WORDS_CHARS_MAX)})`;
}

function signalGroup(child, signal) {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    // The group has ended; on macOS EPERM means the same of a group of zombies.
    if (error.code !== 'ESRCH' && error.code !== 'EPERM') throw error;
  }
}
