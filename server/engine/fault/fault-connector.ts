import { connect as connectTcp, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AbstractConnector, type RedisOptions } from 'ioredis';
import type { Connector } from '../redis/open-client.ts';

/** What becomes of an attempt to connect. `stuck`: nobody ever answers it. */
export type Connecting = { kind: 'open' } | { kind: 'refused'; error: Error } | { kind: 'stuck' };

/** What the connector asks before and tells after it opened a socket. */
interface ConnectGate {
  connecting(): Connecting;
  opened(socket: Socket): void;
  stuck(socket: Socket): void;
}

const disconnectTimeoutMs = 2_000;

/**
 * An ioredis Connector whose streams are plain net and tls sockets that a fault can take hold of. `connect` never
 * rejects: ioredis would give up for ever then. A refused connection is a destroyed socket with its error in
 * `firstError`, which ioredis treats as any refusal: it reports it and tries again.
 */
export function faultConnector(gate: ConnectGate): Connector {
  return class FaultConnector extends AbstractConnector {
    readonly #options: RedisOptions;

    constructor(options: unknown) {
      const own = redisOptions(options);
      super(own.disconnectTimeout ?? disconnectTimeoutMs);
      this.#options = own;
    }

    override connect(): Promise<Socket> {
      this.connecting = true;
      // As ioredis's own connector: on the next tick, so that a disconnect in this one still counts.
      return new Promise((resolve) => {
        process.nextTick(() => {
          resolve(this.connecting ? this.#attempt(gate.connecting()) : this.#refuse(new Error('Connection is closed.')));
        });
      });
    }

    override disconnect(): void {
      // The base class would keep a timer for a stream that has closed long ago.
      if (this.stream?.destroyed) this.connecting = false;
      else super.disconnect();
    }

    #attempt(connecting: Connecting): Socket {
      if (connecting.kind === 'refused') return this.#refuse(connecting.error);
      try {
        const socket = connecting.kind === 'stuck' ? stuckSocket() : openSocket(this.#options);
        socket.once('error', (error) => {
          this.firstError = error;
        });
        this.stream = socket;
        if (connecting.kind === 'stuck') gate.stuck(socket);
        else gate.opened(socket);
        return socket;
      } catch (error) {
        return this.#refuse(error instanceof Error ? error : new Error(String(error)));
      }
    }

    #refuse(error: Error): Socket {
      const socket = new Socket();
      socket.destroy();
      this.firstError = error;
      this.stream = socket;
      return socket;
    }
  };
}

/** It waits for a name that is never found: to its client that is a host which does not answer, and no packet is sent. */
function stuckSocket(): Socket {
  return connectTcp({ host: 'simulated.invalid', port: 6379, lookup: () => {} });
}

function openSocket(options: RedisOptions): Socket {
  const to =
    options.path === undefined || options.path === null || options.path === ''
      ? {
          port: options.port ?? 6379,
          ...(options.host == null ? {} : { host: options.host }),
          ...(options.family == null ? {} : { family: options.family }),
        }
      : { path: options.path };
  return options.tls ? connectTls({ ...to, ...options.tls }) : connectTcp(to);
}

/** ioredis constructs its Connector with the client's own options; its type says unknown. */
function redisOptions(options: unknown): RedisOptions {
  return options as RedisOptions;
}
