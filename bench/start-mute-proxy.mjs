import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** A way to a Redis that, once muted, takes every byte and answers none: what waits behind it waits for a reply, not for a socket. */
export async function startMuteProxy(redisPort) {
  let muted = false;
  const sockets = new Set();
  const server = createServer((client) => {
    const redis = connect(redisPort, '127.0.0.1');
    for (const socket of [client, redis]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.once('close', () => {
        sockets.delete(socket);
        client.destroy();
        redis.destroy();
      });
      // A worker that was ended on purpose.
      socket.on('error', () => {});
    }
    client.on('data', (bytes) => {
      if (!muted) redis.write(bytes);
    });
    redis.on('data', (bytes) => {
      if (!muted) client.write(bytes);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: server.address().port,
    mute() {
      muted = true;
    },
    stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
