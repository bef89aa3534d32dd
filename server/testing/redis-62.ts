import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { type RedisServer, startRedisServer } from './redis-server.ts';

/** As far as a newer server can pass for Redis 6.2: it lacks what came later, and refuses the commands of scripts in the words of then. */
export interface Redis62 {
  readonly server: RedisServer;
  /** Of the address at which it passes for one. */
  readonly url: string;
  /** New connections go to another server from now on, as behind an address that is moved. Those that stand stay. */
  moveTo(other: RedisServer): void;
  stop(): Promise<void>;
}

/** What a script of Redis 7 is refused with, where Redis refused before the command began; the other words are those of 6.2. */
const REFUSED = /(^|\r\n)-((?:OOM|READONLY|MISCONF) [^\r\n]*?) script: ([0-9a-f]{40}), on @user_script:(\d+)\.(?=\r\n)/g;
const AS_62 = '$1-ERR Error running script (call to f_$3): @user_script:$4: @user_script: $4: -$2';

export async function startRedis62(): Promise<Redis62> {
  const server = await startRedisServer({ args: await withoutNewer() });
  let port = server.port;
  const sockets = new Set<Socket>();
  const front = createServer((client) => {
    const redis = connect({ host: '127.0.0.1', port });
    let held = '';
    redis.on('data', (chunk: Buffer) => {
      const text = held + chunk.toString('latin1');
      // Every reply ends in a line's end: what is no whole line yet goes on with the rest of it.
      const end = text.lastIndexOf('\r\n') + 2;
      held = end === 1 ? text : text.slice(end);
      if (end > 1) client.write(Buffer.from(text.slice(0, end).replace(REFUSED, AS_62), 'latin1'));
    });
    client.pipe(redis);
    for (const [socket, other] of [
      [client, redis],
      [redis, client],
    ] as const) {
      socket.setNoDelay(true);
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  const address = front.address();
  return {
    server,
    url: `redis://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    moveTo(other) {
      port = other.port;
    },
    async stop() {
      const closed = once(front, 'close');
      front.close();
      for (const socket of sockets) socket.destroy();
      await closed;
      await server.stop();
    },
  };
}

/** Arguments that take away each command that this machine's server says is newer than 6.2. */
async function withoutNewer(): Promise<string[]> {
  const asked = await startRedisServer();
  const docs: unknown = await asked.client().call('COMMAND', 'DOCS');
  await asked.stop();
  if (!Array.isArray(docs)) throw new Error('no list of commands');
  const names = docs.filter((_, index) => index % 2 === 0);
  const newer = names.filter((_, index) => isNewer(docs[2 * index + 1]));
  return newer.flatMap((name) => ['--rename-command', String(name), '']);
}

function isNewer(fields: unknown): boolean {
  if (!Array.isArray(fields)) throw new Error('no description of a command');
  const since: unknown = fields[fields.indexOf('since') + 1];
  return typeof since === 'string' && Number.parseFloat(since) > 6.2;
}
