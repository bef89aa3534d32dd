import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const LOOK_EVERY_MS = 100;
const ANSWER_MS_MAX = 2_000;

/**
 * Looks again and again until `isSo`.
 * @param {() => Promise<boolean>} isSo
 * @param {AbortSignal} signal
 * @returns {Promise<boolean>} false when `signal` came first
 */
export async function waitUntil(isSo, signal) {
  while (!signal.aborted) {
    if (await isSo()) return true;
    // Rejects only when `signal` comes, which the loop looks at.
    await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
  }
  return false;
}

/** True if somebody listens there. */
export function acceptsConnections(port) {
  return talk(port, null, () => true);
}

/** True if the Redis there lets us in and has loaded its data. */
export function redisAnswers(port, password) {
  return talk(port, `AUTH ${password}\r\nPING\r\n`, (reply) => reply.includes('+PONG'));
}

/** True if the console there is up. */
export async function consoleAnswers(url) {
  try {
    const response = await fetch(new URL('/api/health', url), { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    // Not up yet, which is the answer.
    return false;
  }
}

function talk(port, question, isAnswer) {
  return new Promise((resolve) => {
    let reply = '';
    const socket = connect({ port, host: '127.0.0.1', timeout: ANSWER_MS_MAX });
    const done = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => (question === null ? done(true) : socket.write(question)));
    socket.on('data', (chunk) => {
      reply += chunk.toString('latin1');
      if (isAnswer(reply)) done(true);
      else if (reply.includes('-')) done(false);
    });
    socket.once('timeout', () => done(false));
    socket.once('close', () => done(false));
    // Refused is the answer "no"; 'close' follows and gives it.
    socket.on('error', () => {});
  });
}
