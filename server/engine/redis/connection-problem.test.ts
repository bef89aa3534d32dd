import { describe, expect, it } from 'vitest';
import { connectionProblem, tlsProblem } from './connection-problem.ts';

/** The message of such an error may hold what the other side wrote. */
const coded = (code: string): Error => Object.assign(new Error('hunter2\n'), { code });

describe('why a connection could not be made', () => {
  it.each([
    ['SELF_SIGNED_CERT_IN_CHAIN', true, /not trusted .*NODE_EXTRA_CA_CERTS=FILE/],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', true, /not trusted/],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', true, /not trusted/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', true, /another host/],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', true, /asks for a certificate of its clients/],
    ['ERR_SSL_WRONG_VERSION_NUMBER', true, /does not speak TLS there/],
    ['CERT_HAS_EXPIRED', false, /expired/],
    ['CERT_NOT_YET_VALID', false, /clock of this machine/],
    ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', false, /no TLS connection/],
  ])('%s: in one line with its code, and whether it lasts: %s', (code, lasting, line) => {
    const problem = tlsProblem(coded(code));
    expect(problem).toEqual({ lasting, line: expect.stringMatching(line) });
    expect(problem?.line).toContain(`(${code})`);
    expect(problem?.line).not.toMatch(/hunter2|\n/);
  });

  it('what has nothing to do with TLS is not put down to it', () => {
    for (const error of [coded('ECONNREFUSED'), new Error('WRONGPASS'), 'ERR_SSL_X', null]) expect(tlsProblem(error)).toBeNull();
  });

  it('a connection that is closed before it could be used may miss TLS, or a certificate; one that stood was closed', () => {
    const closed = coded('ECONNRESET');
    expect(connectionProblem(closed, { tls: false, stood: false })?.line).toMatch(/use rediss:\/\/$/);
    expect(connectionProblem(closed, { tls: true, stood: false })?.line).toMatch(/tls-auth-clients no\)$/);
    for (const tls of [true, false]) expect(connectionProblem(closed, { tls, stood: true })).toBeNull();
  });

  it('a server that leaves the handshake unanswered may speak no TLS; without TLS it cannot be reached', () => {
    expect(connectionProblem(coded('ETIMEDOUT'), { tls: true, stood: false })?.line).toMatch(/use redis:\/\/$/);
    expect(connectionProblem(coded('ETIMEDOUT'), { tls: false, stood: false })).toBeNull();
  });
});
