import { PRODUCTS, STRIDE } from '../product.mjs';
import { round, spread } from '../summarize.mjs';

const IDS = Array.from({ length: PRODUCTS }, (_, i) => String(i));
const LATENCIES_MAX = 1 << 20;
const latencies = new Float64Array(LATENCIES_MAX);

/** `callers` callers, each awaiting its own read, for `ms`. @returns {Promise<{ readsPerS: number, cpuUs: number, p50Ms: number, p99Ms: number }>} */
export async function readHits(reader, { callers, ms }, origin) {
  const missesBefore = origin.calls;
  let running = true;
  let reads = 0;
  async function call(caller) {
    let at = caller;
    while (running) {
      at = (at + STRIDE) % PRODUCTS;
      const sentMs = performance.now();
      const value = await reader.read(IDS[at]);
      if (value.id !== at) throw new Error(`asked for ${at}, got ${value.id}`);
      latencies[reads & (LATENCIES_MAX - 1)] = performance.now() - sentMs;
      reads += 1;
    }
  }
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  setTimeout(() => {
    running = false;
  }, ms);
  await Promise.all(Array.from({ length: callers }, (_, caller) => call(caller)));
  const tookMs = performance.now() - startedMs;
  const { user, system } = process.cpuUsage(cpu);
  if (origin.calls !== missesBefore) throw new Error(`${origin.calls - missesBefore} reads missed`);
  const { p50Ms, p99Ms } = spread(latencies.subarray(0, Math.min(reads, LATENCIES_MAX)));
  return { readsPerS: Math.round((reads / tookMs) * 1_000), cpuUs: round((user + system) / reads, 2), p50Ms, p99Ms };
}
