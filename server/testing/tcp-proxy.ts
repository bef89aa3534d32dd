import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { Lane, type LaneItem, type LaneShape, openLane } from '#engine/fault/lane';

/** A proxy on loopback between clients and one server, whose links can be made to fail one by one. Without orders it only passes on. */
export interface TcpProxy {
  readonly port: number;
  /** Those that are open, oldest first. */
  links(): readonly ProxyLink[];
  /** Called with each new link before it carries a byte. */
  onLink(listener: (link: ProxyLink) => void): void;
  close(): Promise<void>;
}

export type Direction = 'toServer' | 'toClient';

/** One client's connection. Whatever is ordered, bytes never change places within a direction. */
export interface ProxyLink {
  readonly id: number;
  /** The first bytes that the client sent, as Latin-1: enough to tell who it is. */
  readonly head: string;
  /** Called each time the head has grown. */
  onHead(listener: () => void): void;
  /** Called with each chunk that the client sent, before it goes on. */
  onSent(listener: (chunk: Buffer) => void): void;
  /** Each chunk is passed on this much later. 0 ends it. */
  delay(direction: Direction, delayMs: number): void;
  /** Chunks wait until the returned function is called; what the client sent is then passed on even if it has gone. */
  hold(direction: Direction): () => void;
  /** The next chunk is lost, and the link lives on as if nothing had been. */
  swallowNext(direction: Direction): void;
  /** The next chunk is replaced by what `change` makes of it. */
  changeNext(direction: Direction, change: (chunk: Buffer) => Buffer): void;
  /** Of the next chunk the first bytes are passed on, and then an orderly end. */
  cutNext(direction: Direction, bytes: number): void;
  /** Each chunk is passed on in pieces of this many bytes, one in each turn of the event loop. */
  slice(direction: Direction, bytes: number): void;
  /** Both directions lose everything from now on, and nobody is told. */
  blackHole(): void;
  /** Both ends see a reset. */
  reset(): void;
}

const HEAD_LENGTH = 512;

export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const open = new Set<Link>();
  const listeners = new Set<(link: ProxyLink) => void>();
  let links = 0;
  const server = createServer((client) => {
    const link = new Link(++links, client, connect({ host: '127.0.0.1', port: targetPort }), () => open.delete(link));
    open.add(link);
    for (const listener of listeners) listener(link);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    links: () => [...open],
    onLink(listener) {
      listeners.add(listener);
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const link of open) link.reset();
      await closed;
    },
  };
}

class Link implements ProxyLink {
  readonly id: number;
  head = '';
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #ways: Record<Direction, Way>;
  readonly #headListeners = new Set<() => void>();
  readonly #sentListeners = new Set<(chunk: Buffer) => void>();

  constructor(id: number, client: Socket, server: Socket, onClosed: () => void) {
    this.id = id;
    this.#client = client;
    this.#server = server;
    const cut = () => this.reset();
    client.on('data', (chunk: Buffer) => {
      for (const listener of this.#sentListeners) listener(chunk);
    });
    this.#ways = { toServer: new Way(client, server, cut), toClient: new Way(server, client, cut) };
    client.on('data', (chunk: Buffer) => {
      if (this.head.length >= HEAD_LENGTH) return;
      this.head += chunk.toString('latin1').slice(0, HEAD_LENGTH - this.head.length);
      for (const listener of this.#headListeners) listener();
    });
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', () => {
        // `close` follows, and is what counts.
      });
    }
    client.on('close', () => this.#ways.toServer.end());
    server.on('close', () => {
      this.#ways.toClient.end();
      onClosed();
    });
  }

  onHead(listener: () => void): void {
    this.#headListeners.add(listener);
  }

  onSent(listener: (chunk: Buffer) => void): void {
    this.#sentListeners.add(listener);
  }

  delay(direction: Direction, delayMs: number): void {
    this.#ways[direction].shape({ delays: delayMs === 0 ? [] : [{ latencyMs: delayMs, jitterMs: 0, probability: 1 }] });
  }

  hold(direction: Direction): () => void {
    return this.#ways[direction].lane.hold();
  }

  swallowNext(direction: Direction): void {
    this.#ways[direction].lane.swallowNext();
  }

  changeNext(direction: Direction, change: (chunk: Buffer) => Buffer): void {
    this.#ways[direction].next = (chunk) => [change(chunk)];
  }

  cutNext(direction: Direction, bytes: number): void {
    this.#ways[direction].next = (chunk) => [chunk.subarray(0, bytes), 'end'];
  }

  slice(direction: Direction, bytes: number): void {
    this.#ways[direction].shape({ sliceBytes: bytes });
  }

  blackHole(): void {
    for (const way of [this.#ways.toServer, this.#ways.toClient]) way.shape({ swallows: true });
  }

  reset(): void {
    for (const socket of [this.#client, this.#server]) {
      // libuv refuses a reset after a shutdown, and Node then never closes the handle, and spins at the end of the process. While it
      // connects, Node puts the reset off, and a shutdown may come first.
      if (socket.writableEnded || socket.connecting) socket.destroy();
      else socket.resetAndDestroy();
    }
  }
}

/** One direction of a link: the engine's own lane, by which it simulates failures, between two sockets. */
class Way {
  readonly lane: Lane;
  /** What the next chunk becomes. */
  next: ((chunk: Buffer) => LaneItem[]) | null = null;
  readonly #to: Socket;
  #shape = openLane;

  constructor(from: Socket, to: Socket, cut: () => void) {
    this.#to = to;
    this.lane = new Lane({
      deliver: (item) => {
        if (item === 'cut') cut();
        else if (!to.writable) return;
        else if (item === 'end') to.end();
        else to.write(item);
      },
      onFull: (full) => {
        if (full) from.pause();
        else from.resume();
      },
      random: Math.random,
    });
    from.on('data', (chunk: Buffer) => {
      const { next } = this;
      this.next = null;
      for (const item of next === null ? [chunk] : next(chunk)) this.lane.take(item);
    });
  }

  shape(part: Partial<LaneShape>): void {
    this.#shape = { ...this.#shape, ...part };
    this.lane.setShape(this.#shape);
  }

  /** Nothing more will come: the other end is closed behind what still waits. No byte passes a black hole, but no socket is left over. */
  end(): void {
    if (this.#shape.swallows) this.#to.end();
    else this.lane.take('end');
  }
}
