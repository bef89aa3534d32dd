import { Redis } from 'ioredis';
import { TTL_S } from '../product.mjs';

/** At most so many keys in one MGET: the best of 32, 64 and 128. */
const BATCH_MAX = 128;

/** The least that a reader can do that asks for the keys of a turn at once: no envelope, no checksum, no versions, no metrics. What it makes is the ceiling for one that does more. */
export function openMgetLoop({ port, load }) {
  const redis = new Redis({ host: '127.0.0.1', port });
  redis.on('error', () => {});
  let unsent = [];
  const keyOf = (id) => `mget:product:${id}`;
  async function fill(id) {
    const value = await load(id);
    await redis.set(keyOf(id), JSON.stringify(value), 'EX', TTL_S);
    return value;
  }
  async function ask(batch) {
    try {
      const found = await redis.mgetBuffer(batch.map(({ id }) => keyOf(id)));
      for (const [i, bytes] of found.entries()) {
        const { id, resolve } = batch[i];
        resolve(bytes === null ? fill(id) : JSON.parse(bytes.latin1Slice(0, bytes.length)));
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
  function flush() {
    const asked = unsent;
    unsent = [];
    for (let from = 0; from < asked.length; from += BATCH_MAX) void ask(asked.slice(from, from + BATCH_MAX));
  }
  return {
    read: (id) =>
      new Promise((resolve, reject) => {
        if (unsent.push({ id, resolve, reject }) === 1) setImmediate(flush);
      }),
    keyOf,
    close: () => redis.disconnect(),
  };
}
