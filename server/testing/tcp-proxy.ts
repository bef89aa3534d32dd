import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

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

/** A direction that holds this much stops reading. */
const HELD_BYTES_MAX = 16 * 1024 * 1024;
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
  readonly #lanes: Record<Direction, Lane>;
  readonly #headListeners = new Set<() => void>();

  constructor(id: number, client: Socket, server: Socket, onClosed: () => void) {
    this.id = id;
    this.#client = client;
    this.#server = server;
    this.#lanes = { toServer: new Lane(client, server), toClient: new Lane(server, client) };
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
    client.on('close', () => this.#lanes.toServer.end());
    server.on('close', () => {
      this.#lanes.toClient.end();
      onClosed();
    });
  }

  onHead(listener: () => void): void {
    this.#headListeners.add(listener);
  }

  delay(direction: Direction, delayMs: number): void {
    this.#lanes[direction].delayMs = delayMs;
  }

  hold(direction: Direction): () => void {
    return this.#lanes[direction].hold();
  }

  swallowNext(direction: Direction): void {
    this.#lanes[direction].toSwallow += 1;
  }

  changeNext(direction: Direction, change: (chunk: Buffer) => Buffer): void {
    this.#lanes[direction].changeNext = change;
  }

  cutNext(direction: Direction, bytes: number): void {
    const lane = this.#lanes[direction];
    lane.changeNext = (chunk) => chunk.subarray(0, bytes);
    lane.endsNext = true;
  }

  slice(direction: Direction, bytes: number): void {
    this.#lanes[direction].sliceBytes = bytes;
  }

  blackHole(): void {
    this.#lanes.toServer.toSwallow = Number.POSITIVE_INFINITY;
    this.#lanes.toClient.toSwallow = Number.POSITIVE_INFINITY;
  }

  reset(): void {
    for (const socket of [this.#client, this.#server]) {
      // libuv refuses a reset after a shutdown, and Node then never closes the handle.
      if (socket.writableEnded) socket.destroy();
      else socket.resetAndDestroy();
    }
  }
}

/** One direction of a link: a queue in order, of chunks that wait for their time or for a release. */
class Lane {
  delayMs = 0;
  toSwallow = 0;
  sliceBytes = Number.POSITIVE_INFINITY;
  changeNext: ((chunk: Buffer) => Buffer) | null = null;
  endsNext = false;
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #queue: { chunk: Buffer; dueMs: number }[] = [];
  #bytes = 0;
  #holds = 0;
  #ended = false;
  #slicing = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(from: Socket, to: Socket) {
    this.#from = from;
    this.#to = to;
    from.on('data', (chunk: Buffer) => this.#take(chunk));
  }

  hold(): () => void {
    this.#holds += 1;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#holds -= 1;
      this.#flush();
    };
  }

  /** Nothing more will come: the other end is closed behind what still waits. */
  end(): void {
    this.#ended = true;
    this.#flush();
  }

  #take(chunk: Buffer): void {
    if (this.toSwallow > 0) {
      this.toSwallow -= 1;
      return;
    }
    const change = this.changeNext;
    this.changeNext = null;
    const passed = change === null ? chunk : change(chunk);
    this.#queue.push({ chunk: passed, dueMs: this.delayMs === 0 ? 0 : performance.now() + this.delayMs });
    this.#bytes += passed.length;
    this.#ended ||= this.endsNext;
    if (this.#bytes > HELD_BYTES_MAX) this.#from.pause();
    this.#flush();
  }

  #flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#holds > 0 || this.#slicing) return;
    const nowMs = performance.now();
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      if (first.dueMs > nowMs) {
        this.#timer = setTimeout(() => this.#flush(), first.dueMs - nowMs);
        return;
      }
      const piece = first.chunk.subarray(0, this.sliceBytes);
      first.chunk = first.chunk.subarray(piece.length);
      if (first.chunk.length === 0) this.#queue.shift();
      this.#bytes -= piece.length;
      if (this.#to.writable) this.#to.write(piece);
      if (this.sliceBytes !== Number.POSITIVE_INFINITY) {
        this.#slicing = true;
        setImmediate(() => {
          this.#slicing = false;
          this.#flush();
        });
        return;
      }
    }
    if (this.#from.isPaused()) this.#from.resume();
    if (this.#ended) this.#to.end();
  }
}
