import { ConfigurationError, causeOf, describeError } from './errors.ts';
import { tlsProblem } from './redis/connection-problem.ts';
import type { GuardedClient } from './redis/guarded-client.ts';

/**
 * Resolves to true when the connection is usable, false when its first attempt failed or `giveUpMs` have passed.
 * Rejects with `ConfigurationError` where Redis refuses who we are, or we what it shows us: no retry mends that. What an attempt
 * of before was refused for counts too: the next may be further away than `giveUpMs`.
 */
export function awaitConnection(guarded: GuardedClient, giveUpMs: number): Promise<boolean> {
  if (guarded.usable) return Promise.resolve(true);
  const { client, lastError } = guarded;
  const refused = lastError === null ? null : configurationErrorOf(lastError);
  if (refused !== null) return Promise.reject(refused);
  return new Promise((resolve, reject) => {
    const settle = (end: () => void) => {
      clearTimeout(timer);
      stop();
      client.off('error', onError);
      client.off('close', onClose);
      end();
    };
    const stop = guarded.onUsable(() => settle(() => resolve(true)));
    const onClose = () => settle(() => resolve(false));
    const onError = (error: Error) => {
      const refusal = configurationErrorOf(error);
      settle(() => (refusal === null ? resolve(false) : reject(refusal)));
    };
    const timer = setTimeout(() => settle(() => resolve(false)), giveUpMs);
    timer.unref();
    client.on('error', onError);
    client.on('close', onClose);
  });
}

function configurationErrorOf(error: Error): ConfigurationError | null {
  const refusal = refusalOf(error);
  return refusal === null ? null : new ConfigurationError(refusal, ['redis'], { cause: causeOf(error) });
}

/** Why Redis will never serve this client, in one line without a secret; null if it may. */
export function refusalOf(error: Error): string | null {
  if (/^WRONGPASS|invalid password|invalid username-password/.test(error.message)) return 'Redis refused the user or password';
  if (/^NOAUTH/.test(error.message)) return 'Redis wants a password, and none is given';
  if (/^NOPERM/.test(error.message)) return `this Redis user may not run what the engine needs (${describeError(error)})`;
  if (/^ERR unknown command/.test(error.message)) return 'this server lacks a command that the engine needs: Redis 6.2 or newer, or Valkey';
  const problem = tlsProblem(error);
  return problem?.lasting === true ? problem.line : null;
}
