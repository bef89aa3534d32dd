import { expect, it } from 'vitest';
import { ConfigurationError, causeOf, describeError, isOutOfRoom, Unavailable } from './errors.ts';

const carrying = (message: string, more: object = {}) => Object.assign(new Error(message), { command: { args: ['secret'] } }, more);

it.each([
  ["the engine's own words, as they are", new Unavailable('not connected to Redis'), 'not connected to Redis'],
  ['what is configured wrongly, with its place', new ConfigurationError('refused', ['redis']), 'redis: refused'],
  ['a connection that ended', carrying('Connection is closed.'), 'the connection to Redis was closed'],
  ['a command without an answer', carrying('Command timed out'), 'Redis did not answer in time'],
  ['a command without a connection', carrying("Stream isn't writeable and enableOfflineQueue options is false"), 'not connected to Redis'],
  ['a refused connection: its code', carrying('connect ECONNREFUSED secret:6379', { code: 'ECONNREFUSED' }), 'Error ECONNREFUSED'],
  ['a refused command: the word of Redis', carrying('NOPERM secret has no permissions', { name: 'ReplyError' }), 'ReplyError NOPERM'],
  ['of anything else the name alone', new TypeError('secret'), 'TypeError'],
  ['of what is no error nothing', 'secret', 'unknown error'],
])('one safe line: %s', (_, error, line) => {
  expect(describeError(error)).toBe(line);
});

it.each([
  ['of a command', "OOM command not allowed when used memory > 'maxmemory'.", true],
  ['of a script', "OOM command not allowed when used memory > 'maxmemory'. script: 5f, on @user_script:1.", true],
  [
    'of a script before Redis 7',
    `ERR Error running script (call to f_${'5f'.repeat(20)}): @user_script:1: @user_script: 1: -OOM command not allowed when used memory > 'maxmemory'.   `,
    true,
  ],
  ['of a slot that moves', 'TRYAGAIN Multiple keys request during rehashing of slot', true],
  ['of anything else', 'NOPERM this user has no permissions', false],
])('no room, by the words %s', (_, message, outOfRoom) => {
  expect(isOutOfRoom(carrying(message, { name: 'ReplyError' }))).toBe(outOfRoom);
});

it('the cause of a certificate for another host names the hosts, and is not the certificate', () => {
  const cause = causeOf(Object.assign(new Error('Host: a. is not in DNS:b'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID', cert: { raw: 'x' } }));
  expect([cause.message, 'cert' in cause]).toEqual(['Host: a. is not in DNS:b', false]);
});
