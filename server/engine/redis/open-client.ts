import { Redis, type RedisOptions } from 'ioredis';
import { describeError, wordOf } from '../errors.ts';
import type { ClientRole, ResolvedConnection } from './connection.ts';
import { connectionProblem } from './connection-problem.ts';
import { endSilentSocket } from './end-silent-socket.ts';
import { reconnectDelayMs } from './reconnect-delay.ts';

export type Connector = NonNullable<RedisOptions['Connector']>;

/** Gives the connector class under a role's client, where faults are injected; undefined for a role that carries none. */
interface ConnectorSource {
  connectorFor(role: ClientRole): Connector | undefined;
}

export interface OpenClientOptions {
  faults?: ConnectorSource | undefined;
  /** Default 100. Bounds each command, the handshake too; a blocking reader states its own. */
  commandTimeoutMs?: number | undefined;
  /** Default 500. A socket on which a command has waited this long without a byte is dead. */
  socketTimeoutMs?: number | undefined;
  /** From 0 to 1, for the jitter of reconnects. */
  random?: (() => number) | undefined;
  /** Told of each connection error as one safe line: what is wrong and what to do where that is known, else name and code. */
  onError?: ((problem: string, error: Error) => void) | undefined;
}

/** A connection that stood this long was a good one: the next attempt after it is prompt again. */
const GOOD_AFTER_MS = 200;

/**
 * One ioredis client with the traps of its defaults taken out: nothing is queued while offline, resent after a reconnect
 * (a late command would land over newer data) or left pending for ever. It connects at once and for ever, until `disconnect()`.
 */
export function openClient(connection: ResolvedConnection, role: ClientRole, options: OpenClientOptions = {}): Redis {
  const { random = Math.random } = options;
  const connector = options.faults?.connectorFor(role);
  let leaving = false;
  let stands = false;
  // ioredis' own count starts again with each connection, also with one that is refused as soon as it stands.
  let attempts = 0;
  let forget: NodeJS.Timeout | undefined;
  const client = new Redis({
    host: connection.host,
    port: connection.port,
    db: connection.db,
    ...(connection.username === null ? {} : { username: connection.username }),
    ...(connection.password === null ? {} : { password: connection.password }),
    ...(connection.tls === null ? {} : { tls: connection.tls }),
    ...(connector === undefined ? {} : { Connector: connector }),
    connectionName: `sideboard-${role}`,
    commandTimeout: Math.max(100, options.commandTimeoutMs ?? 100),
    connectTimeout: 500,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    maxLoadingRetryTime: 500,
    autoResubscribe: false,
    enableAutoPipelining: false,
    // A demoted primary: connect again, once for all commands that were under way, and never send one again.
    reconnectOnError: (error) => {
      if (leaving || wordOf(error) !== 'READONLY') return false;
      leaving = true;
      return 1;
    },
    retryStrategy: () => {
      attempts += 1;
      return reconnectDelayMs(attempts, random);
    },
    // RESP2: a subscriber that answers nothing else, and the smaller replies for the rest.
    protocol: 2,
  });
  endSilentSocket(client, options.socketTimeoutMs ?? 500);
  client.on('ready', () => {
    stands = true;
    forget = setTimeout(() => {
      attempts = 0;
    }, GOOD_AFTER_MS);
    forget.unref();
  });
  client.on('close', () => {
    leaving = false;
    stands = false;
    clearTimeout(forget);
  });
  client.on('error', (error: Error) => {
    const problem = connectionProblem(error, { tls: connection.tls !== null, stood: stands });
    options.onError?.(problem?.line ?? describeError(error), error);
  });
  return client;
}
