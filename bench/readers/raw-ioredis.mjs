import { Redis } from 'ioredis';
import { TTL_S } from '../product.mjs';

/** What a team writes by hand: GET, JSON.parse, and SET on a miss. */
export function openRawIoredis({ port, load, autopipelining = false }) {
  const redis = new Redis({ host: '127.0.0.1', port, enableAutoPipelining: autopipelining });
  redis.on('error', () => {});
  const prefix = autopipelining ? 'pipelined:product:' : 'raw:product:';
  return {
    async read(id) {
      const text = await redis.get(prefix + id);
      if (text !== null) return JSON.parse(text);
      const value = await load(id);
      await redis.set(prefix + id, JSON.stringify(value), 'EX', TTL_S);
      return value;
    },
    hold: (id) => redis.get(prefix + id),
    keyOf: (id) => prefix + id,
    close: () => redis.disconnect(),
  };
}
