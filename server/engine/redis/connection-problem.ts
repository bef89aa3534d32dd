/** What is known of the connection on which an error came. */
export interface Attempt {
  readonly tls: boolean;
  /** It had been usable: the server closed what it had accepted. */
  readonly stood: boolean;
}

export interface ConnectionProblem {
  /** What is wrong and what to do: one line without an address or a secret. */
  readonly line: string;
  /** No further attempt mends it: somebody must change something here. */
  readonly lasting: boolean;
}

/** The codes of OpenSSL for a chain that ends nowhere that is trusted. */
const UNTRUSTED = new Set([
  'CERT_CHAIN_TOO_LONG',
  'CERT_REJECTED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);
const NO_TLS = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'ERR_SSL_RECORD_LAYER_FAILURE']);

const wantsCertificate = 'the server asks for a certificate of its clients, and none is sent (tls-auth-clients no)';

/** Why TLS could not be agreed on; null for any other error. By codes alone: a message of OpenSSL holds what the other side wrote. */
export function tlsProblem(error: unknown): ConnectionProblem | null {
  const code = codeOf(error);
  if (UNTRUSTED.has(code)) {
    const todo = 'start this process with NODE_EXTRA_CA_CERTS=FILE, the certificate of the authority that signed it';
    return { line: `the certificate of this server is not trusted (${code}): ${todo}`, lasting: true };
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const line = `the certificate of this server is for another host (${code}): connect to a host name that stands in it`;
    return { line, lasting: true };
  }
  if (code === 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED') return { line: `${wantsCertificate} (${code})`, lasting: true };
  if (NO_TLS.has(code)) return { line: `this server does not speak TLS there (${code}): use redis://, or its port for TLS`, lasting: true };
  // The server's to mend: a service that starts meanwhile is to start.
  if (code === 'CERT_HAS_EXPIRED') return { line: `the certificate of this server has expired (${code})`, lasting: false };
  if (code === 'CERT_NOT_YET_VALID') {
    return { line: `the certificate of this server is not valid yet, by the clock of this machine (${code})`, lasting: false };
  }
  return /^(ERR_SSL|ERR_TLS|ERR_OSSL|EPROTO)/.test(code) ? { line: `no TLS connection could be made (${code})`, lasting: false } : null;
}

/** As `tlsProblem`, and what may lie behind an attempt that failed without a word: TLS on one side alone. */
export function connectionProblem(error: unknown, { tls, stood }: Attempt): ConnectionProblem | null {
  const known = tlsProblem(error);
  if (known !== null || stood) return known;
  const code = codeOf(error);
  if (code === 'ECONNRESET' || code === 'EPIPE') {
    const guess = tls ? `perhaps ${wantsCertificate}` : 'where it speaks TLS, use rediss://';
    return { line: `the connection was closed before it could be used (${code}): ${guess}`, lasting: false };
  }
  if (tls && code === 'ETIMEDOUT') {
    return { line: `no TLS connection stood in time (${code}): where it speaks no TLS, use redis://`, lasting: false };
  }
  return null;
}

function codeOf(error: unknown): string {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' ? code : '';
}
