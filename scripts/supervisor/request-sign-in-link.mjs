import { ExpectedError } from '../setup/expected-error.mjs';

const ANSWER_MS_MAX = 10_000;

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

async function ask(url, secret, who) {
  try {
    return await fetch(new URL('/api/sign-in-link', url), {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
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
