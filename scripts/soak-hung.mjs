/** `npm run soak -- --hung`: what a process holds while Redis hangs for long and its visitors go on. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startRedis } from '../bench/start-redis.mjs';
import { ExpectedError } from './setup/expected-error.mjs';
import { programs, root } from './setup/paths.mjs';
import { step } from './setup/progress.mjs';
import { runNode } from './setup/run-command.mjs';

const PER_SECOND = 5_000;
const ABOVE_BASE_MB_MAX = 64;
/** Redis answers: the process finds its size. */
const WARM_UP_S = 60;
/** Redis answers again. */
const RECOVERY_S = 60;
const MB = 2 ** 20;
const megabytes = (bytes) => (bytes / MB).toFixed(1);

/**
 * @param {{ minutes: number, signal: AbortSignal }} options
 * @returns {Promise<boolean>} whether the bounds were kept
 */
export async function soakHung({ minutes, signal }) {
  await step('building the engine', async () => {
    const { code, output } = await runNode(programs.tsc, ['-b', 'server/engine']);
    if (code !== 0) throw new ExpectedError(`${output.trim()}\n\nThe engine does not build.`);
  });
  const redis = await startRedis({ args: ['--maxmemory', '256mb', '--maxmemory-policy', 'volatile-lru'] });
  const reader = fork(path.join(root, 'server/testing/hung/hung-reader.mjs'), [`redis://127.0.0.1:${redis.port}`, String(PER_SECOND)]);
  let last = null;
  let rssMax = 0;
  reader.on('message', (told) => {
    last = told;
    rssMax = Math.max(rssMax, told.rss);
  });
  const ended = once(reader, 'exit');
  const forSeconds = async (seconds) => {
    rssMax = 0;
    // Told to end, it ends here, with what is known by then.
    await Promise.race([delay(seconds * 1_000, undefined, { signal }).catch(() => undefined), ended]);
    if (reader.exitCode !== null || reader.signalCode !== null) throw new ExpectedError('The reading process ended by itself.');
  };
  const tell = (when, since) =>
    console.log(
      `  ${when}: RSS ${megabytes(last.rss)} MB, highest ${megabytes(rssMax)} MB, heap ${megabytes(last.heapUsed)} MB; ` +
        `${last.right - since.right} right of ${last.asked - since.asked} reads, ${last.underWayMax} under way at most in the last second`,
    );
  try {
    await once(reader, 'message');
    await forSeconds(WARM_UP_S);
    const [base, healthy] = [last.rss, last];
    tell('Redis answers', { right: 0, asked: 0 });
    redis.pause();
    let highest = 0;
    for (let minute = 1; minute <= Math.ceil(minutes) && !signal.aborted; minute += 1) {
      await forSeconds(60 * Math.min(1, minutes - minute + 1));
      highest = Math.max(highest, rssMax);
      tell(`hung, minute ${minute}`, healthy);
    }
    const hung = last;
    redis.resume();
    await forSeconds(RECOVERY_S);
    tell('Redis answers again', hung);
    const answered = last.right + last.wrong + last.failed;
    const checks = [
      [
        `RSS ${megabytes(base)} MB before, at most ${megabytes(highest)} MB while hung (<= +${ABOVE_BASE_MB_MAX} MB)`,
        highest <= base + ABOVE_BASE_MB_MAX * MB,
      ],
      [`${last.right} of ${answered} reads answered right`, last.right === answered && last.asked - answered === last.underWay],
      [
        `${Math.round((hung.asked - healthy.asked) / (minutes * 60))} reads/s while hung, ${last.unhandled} unhandled rejections`,
        last.unhandled === 0,
      ],
      [`${last.hit - hung.hit} hits after it`, last.hit > hung.hit],
    ];
    for (const [what, kept] of checks) console.log(`${kept ? '✓' : '✗'} ${what}`);
    console.log(`  RSS ${megabytes(last.rss)} MB a minute after it`);
    return checks.every(([, kept]) => kept);
  } finally {
    reader.kill('SIGKILL');
    await ended;
    await redis.stop();
  }
}
