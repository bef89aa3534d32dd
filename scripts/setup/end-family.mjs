import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { identityOf, isAlive } from '../supervisor/process-identity.mjs';

const LOOK_EVERY_MS = 50;
const KILLED_MS_MAX = 2_000;

/**
 * Ends the group of a process that we started as its leader, and all that descends from it. The group is told first, so that a supervisor
 * in it ends its children in their order; those have groups of their own, which no signal to this one reaches. What still runs after
 * `graceMs`, or as soon as `hurry` is aborted, is killed. Each is known by its pid and its start: a pid alone may have passed on.
 * @param {number} leader
 * @param {{ graceMs: number, hurry?: AbortSignal }} options
 * @returns {Promise<void>} when all have ended
 */
export async function endFamily(leader, { graceMs, hurry }) {
  const family = new Map();
  /** Those that run, with what they have started since. */
  const running = () => {
    for (const pid of relatives(leader, [...family.values()].filter(isAlive))) if (!family.has(pid)) family.set(pid, identityOf(pid));
    return [...family.values()].filter(isAlive);
  };
  running();
  signal(-leader, 'SIGTERM');
  await until(() => running().length === 0, graceMs, hurry);
  // One that is killed may have started another just before.
  await until(() => {
    for (const { pid } of running()) signal(pid, 'SIGKILL');
    return running().length === 0;
  }, KILLED_MS_MAX);
}

/** Resolves when `isSo`, or after `msMax`, or when the signal comes. */
async function until(isSo, msMax, stop) {
  const deadlineMs = Date.now() + msMax;
  while (!isSo() && Date.now() < deadlineMs && stop?.aborted !== true) {
    // Rejects only when it is to stop.
    await delay(LOOK_EVERY_MS, undefined, { signal: stop }).catch(() => {});
  }
}

/** The leader's group, and all that descend from it or from those known. */
function relatives(leader, known) {
  const found = new Set(known.map(({ pid }) => pid));
  const children = new Map();
  for (const [pid, parent, group] of processes()) {
    children.set(parent, [...(children.get(parent) ?? []), pid]);
    if (group === leader) found.add(pid);
  }
  // A set may grow while it is walked.
  for (const pid of found) for (const child of children.get(pid) ?? []) found.add(child);
  return found;
}

/** `[pid, pid of its parent, its group]` of each. */
function processes() {
  if (process.platform !== 'linux') {
    const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,pgid='], { encoding: 'utf8' }).trim().split('\n');
    return lines.map((line) => line.trim().split(/\s+/).map(Number));
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const [, parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return [[Number(name), Number(parent), Number(group)]];
      } catch (error) {
        // It ended meanwhile.
        if (error.code === 'ENOENT' || error.code === 'ESRCH') return [];
        throw error;
      }
    });
}

function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It has ended; on macOS EPERM means the same of a group of zombies.
    if (error.code !== 'ESRCH' && error.code !== 'EPERM') throw error;
  }
}
