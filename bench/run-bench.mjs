import { bump } from './benches/bump.mjs';
import { faultsOff } from './benches/faults-off.mjs';
import { memory } from './benches/memory.mjs';
import { miss } from './benches/miss.mjs';
import { outage } from './benches/outage.mjs';
import { redisHits } from './benches/redis-hits.mjs';
import { stampede } from './benches/stampede.mjs';

const RUN = { 'redis-hits': redisHits, miss, stampede, memory, outage, 'faults-off': faultsOff, bump };

/**
 * @param {string} name
 * @param {{ rounds: number, tell: (line: string) => void } & Record<string, unknown>} options
 * @returns {Promise<{ holds: { what: string, limit: string, value: number, held: boolean }[], markdown: string }>} with everything measured
 */
export async function runBench(name, options) {
  return RUN[name](options);
}
