import { expect, it } from 'vitest';
import { explainConnectionError } from './explain-connection-error.ts';

const at = '127.0.0.1:6379';
const coded = (code: string, message = 'hunter2'): Error => Object.assign(new Error(message), { code });

it.each([
  [coded('ECONNREFUSED'), /refuses the connection/],
  [coded('ENOTFOUND'), /host name is not known/],
  [coded('ECONNRESET'), /closed the connection/],
  [coded('ETIMEDOUT'), /cannot be reached/],
  [new Error('WRONGPASS invalid username-password pair hunter2'), /wrong password/],
  [new Error('NOAUTH Authentication required.'), /asks for a password/],
  [new Error('NOPERM this user hunter2'), /does not let this user/],
  [new Error('Unknown RESP type 72 "H". Please report this.'), /not a Redis/],
  [coded('DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'), /certificate .* not trusted .* NODE_EXTRA_CA_CERTS=FILE/],
  [new Error('Command timed out'), /does not answer/],
  [new Error('Redis did not answer within 200 ms'), /does not answer/],
  [new Error("Stream isn't writeable and enableOfflineQueue options is false"), /closed the connection/],
  [new Error('hunter2'), /cannot be used/],
  ['hunter2', /cannot be used/],
  [null, /cannot be used/],
])('explains %s in one line and shows no secret', (error, line) => {
  const reason = explainConnectionError(error, at, { tls: true, stood: true });
  expect(reason).toMatch(line);
  expect(reason).toContain(at);
  expect(reason).not.toMatch(/hunter2|\n/);
});
