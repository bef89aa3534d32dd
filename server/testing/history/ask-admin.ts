import { Redis } from 'ioredis';
import type { RedisServer } from '../redis-server.ts';

/** A client for one fault, past all proxies. It tries again where another fault cuts it off. */
export async function askAdmin(redis: RedisServer, run: (client: Redis) => Promise<void>): Promise<void> {
  const client = new Redis({ host: '127.0.0.1', port: redis.port });
  client.on('error', () => {
    // The commands say so too.
  });
  try {
    await run(client);
  } finally {
    client.disconnect();
  }
}
