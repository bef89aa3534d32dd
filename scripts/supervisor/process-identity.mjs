import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * When a process started, in whatever form the system tells it, or null if there is none. Together with the pid it names one
 * process for ever: a pid alone may have passed to another program.
 * @param {number} pid
 * @returns {string | null}
 */
export function startOf(pid) {
  if (process.platform === 'linux') return startOnLinux(pid);
  try {
    const shown = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    return shown === '' ? null : shown;
  } catch {
    // ps says by its code that there is no such process.
    return null;
  }
}

/** @param {{ pid: number, startedAt: string | null } | undefined} identity */
export function isAlive(identity) {
  return identity !== undefined && identity.startedAt !== null && startOf(identity.pid) === identity.startedAt;
}

export function identityOf(pid) {
  return { pid, startedAt: startOf(pid) };
}

/** Field 22 of stat counts from the boot, so the boot is part of the answer. A zombie has ended. */
function startOnLinux(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return null;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}/${fields[19]}`;
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return null;
    throw error;
  }
}
