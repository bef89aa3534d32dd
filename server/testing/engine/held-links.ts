import { type Direction, type ProxyLink, startTcpProxy } from '../tcp-proxy.ts';

/** A proxy on loopback before one Redis that can hold back what a role of the engine sends or is sent, and let it through late. */
export interface HeldLinks {
  readonly url: string;
  /**
   * From now on, or from the moment it sends `from` on, nothing of this role gets through in this direction. What is held goes
   * through when the returned function is called, even if its sender has gone.
   */
  hold(role: string, direction: Direction, from?: string): () => void;
  /** What this role has sent so far, held or not, since the last call. */
  takeSent(role: string): string;
  /** How often the text stands in each piece that this role has sent, since the last `takeSent`; pieces without it are left out. */
  writesOf(role: string, text: string): number[];
  /** Both ends of what this role has open see a reset. */
  reset(role: string): void;
  close(): Promise<void>;
}

interface Client {
  readonly link: ProxyLink;
  role: string;
  /** What was sent before its role was known. */
  head: string;
  /** Sent since the last `takeSent`. */
  pieces: string[];
}

interface Hold {
  readonly role: string;
  readonly from: string | null;
  begin(link: ProxyLink): void;
}

export async function holdLinksTo(port: number): Promise<HeldLinks> {
  const proxy = await startTcpProxy(port);
  const clients = new Set<Client>();
  const holds = new Set<Hold>();
  proxy.onLink((link) => {
    const client: Client = { link, role: '', head: '', pieces: [] };
    clients.add(client);
    link.onSent((chunk) => {
      const text = chunk.toString('latin1');
      client.pieces.push(text);
      // The engine names each of its connections in the handshake.
      if (client.role === '') client.head += text;
      client.role ||= /sideboard-(\w+)/.exec(client.head)?.[1] ?? '';
      for (const { role, from, begin } of holds) if (role === client.role && (from === null || text.includes(from))) begin(link);
    });
  });
  const clientsOf = (role: string) => [...clients].filter((client) => client.role === role);
  return {
    url: `redis://127.0.0.1:${proxy.port}`,
    hold(role, direction, from) {
      const releases = new Map<ProxyLink, () => void>();
      const begin = (link: ProxyLink) => {
        if (!releases.has(link)) releases.set(link, link.hold(direction));
      };
      const hold = { role, from: from ?? null, begin };
      holds.add(hold);
      if (from === undefined) for (const { link } of clientsOf(role)) begin(link);
      return () => {
        holds.delete(hold);
        for (const release of releases.values()) release();
      };
    },
    takeSent: (role) =>
      clientsOf(role)
        .map(({ pieces }) => pieces.splice(0).join(''))
        .join(''),
    writesOf: (role, text) =>
      clientsOf(role)
        .flatMap(({ pieces }) => pieces.map((piece) => piece.split(text).length - 1))
        .filter((count) => count > 0),
    reset(role) {
      for (const { link } of clientsOf(role)) link.reset();
    },
    close: () => proxy.close(),
  };
}
