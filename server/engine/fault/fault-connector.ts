import { connect as connectTcp, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AbstractConnector, type RedisOptions } from 'ioredis';
import type { Connector } from '../redis/open-client.ts';

/** What the connector asks before and tells after it opened a socket. */
export interface ConnectGate {
  /** Why a connection is refused now, or null. */
  refusal(): Error | null;
  opened(socket: Socket): void;
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
          const refusal = this.connecting ? gate.refusal() : new Error('Connection is closed.');
          resolve(refusal === null ? this.#open() : this.#refuse(refusal));
        });
      });
    }

    override disconnect(): void {
      // The base class would keep a timer for a stream that has closed long ago.
      if (this.stream?.destroyed) this.connecting = false;
      else super.disconnect();
    }

    #open(): Socket {
      try {
        const socket = openSocket(this.#options);
        socket.once('error', (error) => {
          this.firstError = error;
        });
        this.stream = socket;
        gate.opened(socket);
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
