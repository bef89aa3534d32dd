import { setTimeout as delay } from 'node:timers/promises';
import { ExpectedError } from '../setup/expected-error.mjs';

const ANSWER_MS_MAX = 10_000;
const AGAIN_MS = 500;

/**
 * Has the console make a one-time link.
 * @param {string} url of the console
 * @param {string} secret
 * @param {{ name?: string, role?: 'viewer' | 'operator' | 'admin' }} who
 * @returns {Promise<string>}
 * @throws {ExpectedError}
 */
export async function requestSignInLink(url, secret, who) {
  const response = await ask(url, secret, who);
  const text = await response.text();
  if (response.status === 401 || response.status === 403) {
    throw new ExpectedError('The console does not know this secret. Give SIDEBOARD_SECRET the value that it was started with.');
  }
  if (!response.ok) throw new ExpectedError(`The console made no sign-in link (${response.status}): ${text.slice(0, 300)}`);
  const link = linkIn(text);
  if (link === null) throw new ExpectedError(`The console answered with something else than a link: ${text.slice(0, 300)}`);
  return link;
}

/**
 * As `requestSignInLink`, for a start: a console that is just up may still wait for its store, and a connection may break.
 * @returns {Promise<{ url: string } | { problem: string }>} `problem`: it did not come to it within `msMax`
 */
export async function awaitSignInLink(url, secret, who, msMax) {
  const endMs = Date.now() + msMax;
  for (;;) {
    try {
      return { url: await requestSignInLink(url, secret, who) };
    } catch (error) {
      if (!(error instanceof ExpectedError)) throw error;
      if (Date.now() + AGAIN_MS > endMs) return { problem: error.message };
    }
    await delay(AGAIN_MS);
  }
}

async function ask(url, secret, who) {
  try {
    return await fetch(new URL('/api/sign-in-link', url), {
      method: 'POST',
      // Of its own: a kept connection may be closed by the console just when this is sent on it.
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json', connection: 'close' },
      body: JSON.stringify(who),
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
  } catch (error) {
    throw new ExpectedError(
      `The console at ${url} does not answer (${error.cause?.code ?? error.message}). Is it running? npm start starts it.`,
    );
  }
}

function linkIn(text) {
  try {
    const { url } = JSON.parse(text);
    return typeof url === 'string' ? url : null;
  } catch {
    // No JSON: the caller says what it was.
    return null;
  }
}
