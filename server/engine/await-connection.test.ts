import { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import { awaitConnection } from './await-connection.ts';
import { systemClock } from './clock.ts';
import { GuardedClient } from './redis/guarded-client.ts';

/** It never connects. */
function betweenAttempts(): { client: Redis; guarded: GuardedClient } {
  const client = new Redis({ lazyConnect: true });
  const guarded = new GuardedClient(client, {
    clock: systemClock,
    deadlineMs: 100,
    stepEveryMs: 0,
    onBreaker: () => {},
    onOutOfStep: () => {},
  });
  onTestFinished(() => guarded.close());
  return { client, guarded };
}
const failed = (code: string) => Object.assign(new Error('no connection'), { code });

it('what the attempt of before was refused for is told, though the next is further away than anybody waits', async () => {
  const { client, guarded } = betweenAttempts();
  client.emit('error', failed('ERR_TLS_CERT_ALTNAME_INVALID'));
  await expect(awaitConnection(guarded, 0)).rejects.toThrow('the certificate of this server is for another host');
});

it('what the next attempt may mend is waited for', async () => {
  const { client, guarded } = betweenAttempts();
  client.emit('error', failed('ECONNREFUSED'));
  expect(await awaitConnection(guarded, 0)).toBe(false);
});
