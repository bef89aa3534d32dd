import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A proxy on loopback before one Redis that can hold back what a role of the engine sends or is sent, and let it through late. */
export interface HeldLinks {
  readonly url: string;
  /**
   * From now on, or from the moment it sends `from` on, nothing of this role gets through in this direction. What is held goes
   * through when the returned function is called, even if its sender has gone.
   */
  hold(role: string, direction: 'toServer' | 'toClient', from?: string): () => void;
  /** What this role has sent so far, held or not, since the last call. */
  takeSent(role: string): string;
  /** How often the text stands in each piece that this role has sent, since the last `takeSent`; pieces without it are left out. */
  writesOf(role: string, text: string): number[];
  close(): Promise<void>;
}

interface Link {
  role: string;
  /** What was sent before its role was known. */
  head: string;
  /** Sent since the last `takeSent`. */
  pieces: string[];
  readonly sockets: readonly Socket[];
  readonly held: { toServer: Buffer[] | null; toClient: Buffer[] | null };
  readonly write: { toServer(bytes: Buffer): void; toClient(bytes: Buffer): void };
}

export async function holdLinksTo(port: number): Promise<HeldLinks> {
  const links = new Set<Link>();
  const holds = new Set<{ role: string; direction: 'toServer' | 'toClient'; from: string | null }>();
  const proxy = createServer((client) => {
    const server = connect({ host: '127.0.0.1', port });
    const link: Link = {
      role: '',
      head: '',
      pieces: [],
      sockets: [client, server],
      held: { toServer: null, toClient: null },
      write: { toServer: (bytes) => write(server, bytes), toClient: (bytes) => write(client, bytes) },
    };
    links.add(link);
    const pass = (direction: 'toServer' | 'toClient') => (bytes: Buffer) => {
      const text = direction === 'toServer' ? bytes.toString('latin1') : '';
      if (direction === 'toServer') {
        link.pieces.push(text);
        // The engine names each of its connections in the handshake.
        if (link.role === '') link.head += text;
        link.role ||= /sideboard-(\w+)/.exec(link.head)?.[1] ?? '';
      }
      for (const hold of holds) {
        if (hold.role === link.role && (hold.from === null ? hold.direction === direction : text.includes(hold.from))) {
          link.held[hold.direction] ??= [];
        }
      }
      const held = link.held[direction];
      if (held === null) link.write[direction](bytes);
      else held.push(bytes);
    };
    client.on('data', pass('toServer'));
    server.on('data', pass('toClient'));
    // What a client that gave up has sent is still on its way.
    client.on('close', () => {
      if (link.held.toServer === null) server.destroy();
    });
    server.on('close', () => client.destroy());
    for (const socket of link.sockets) {
      socket.on('error', () => {
        // `close` follows.
      });
    }
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const address = proxy.address();
  return {
    url: `redis://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    hold(role, direction, from) {
      const hold = { role, direction, from: from ?? null };
      holds.add(hold);
      return () => {
        holds.delete(hold);
        for (const link of links) {
          if (link.role !== role) continue;
          for (const bytes of link.held[direction]?.splice(0) ?? []) link.write[direction](bytes);
          link.held[direction] = null;
        }
      };
    },
    takeSent(role) {
      let sent = '';
      for (const link of links) {
        if (link.role !== role) continue;
        sent += link.pieces.splice(0).join('');
      }
      return sent;
    },
    writesOf(role, text) {
      const pieces = [...links].filter((link) => link.role === role).flatMap((link) => link.pieces);
      return pieces.map((piece) => piece.split(text).length - 1).filter((count) => count > 0);
    },
    async close() {
      const closed = once(proxy, 'close');
      proxy.close();
      for (const link of links) for (const socket of link.sockets) socket.destroy();
      await closed;
    },
  };
}

function write(socket: Socket, bytes: Buffer): void {
  if (!socket.destroyed) socket.write(bytes);
}
