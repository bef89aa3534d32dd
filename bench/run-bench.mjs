import { bump } from './benches/bump.mjs';
import { compression } from './benches/compression.mjs';
import { faultsOff } from './benches/faults-off.mjs';
import { l1 } from './benches/l1.mjs';
import { l1Memory } from './benches/l1-memory.mjs';
import { memory } from './benches/memory.mjs';
import { miss } from './benches/miss.mjs';
import { msgpack } from './benches/msgpack.mjs';
import { outage } from './benches/outage.mjs';
import { redisHits } from './benches/redis-hits.mjs';
import { stampede } from './benches/stampede.mjs';

const RUN = {
  'redis-hits': redisHits,
  msgpack,
  l1,
  'l1-memory': l1Memory,
  miss,
  stampede,
  memory,
  outage,
  'faults-off': faultsOff,
  compression,
  bump,
};

/**
 * @param {string} name
 * @param {{ rounds: number, tell: (line: string) => void } & Record<string, unknown>} options
 * @returns {Promise<{ holds: { what: string, limit: string, value: number, held: boolean }[], markdown: string }>} with everything measured
 */
export async function runBench(name, options) {
  return RUN[name](options);
}
