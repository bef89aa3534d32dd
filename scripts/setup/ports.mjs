import { createServer } from 'node:net';
import { ExpectedError } from './expected-error.mjs';

/**
 * @param {string | undefined} text the value of PORT
 * @returns {number}
 * @throws {ExpectedError}
 */
export function parsePort(text) {
  if (text === undefined || text === '') return 3000;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535)
    throw new ExpectedError(`PORT is "${text}", and must be a number from 1 to 65535, for example: PORT=3001 npm start`);
  return port;
}

/**
 * Why nobody can listen there, as an error code, or null.
 * @returns {Promise<string | null>}
 */
function listenProblem(port, host) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(error.code ?? error.message));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(null)));
  });
}

/** @throws {ExpectedError} */
export async function assertPortFree(port, host) {
  const code = await listenProblem(port, host);
  if (code === null) return;
  if (code === 'EADDRINUSE') {
    const other = port === 65_535 ? 3001 : port + 1;
    throw new ExpectedError(`Port ${port} is taken by another program. Choose another one: PORT=${other} npm start`);
  }
  if (code === 'EACCES')
    throw new ExpectedError(`Port ${port} needs more rights than you have. Choose one above 1023: PORT=3001 npm start`);
  throw new ExpectedError(`Sideboard cannot listen on ${host} port ${port} (${code}). Check HOST and PORT.`);
}

/** A loopback port: `kept` if it is still free, else a new one. `taken` are never chosen. */
export async function choosePort(kept, taken = new Set()) {
  if (kept !== undefined && !taken.has(kept) && (await listenProblem(kept, '127.0.0.1')) === null) return kept;
  for (;;) {
    const port = await freePort();
    if (!taken.has(port)) return port;
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
