/**
 * Preloaded into every Node child (`--import`): ends it when its supervisor is gone, even one that was killed and could say nothing.
 */
import { isMainThread } from 'node:worker_threads';

const LOOK_EVERY_MS = 500;
const END_MS_MAX = 4_000;

const supervisor = Number(process.env.SIDEBOARD_SUPERVISOR_PID);
// Threads and grandchildren inherit the preload; only the supervisor's own child follows it.
if (isMainThread && process.ppid === supervisor) {
  const look = setInterval(() => {
    if (process.ppid === supervisor) return;
    clearInterval(look);
    process.kill(process.pid, 'SIGTERM');
    setTimeout(() => process.exit(1), END_MS_MAX).unref();
  }, LOOK_EVERY_MS);
  look.unref();
}
