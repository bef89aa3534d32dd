import { PRODUCTS, STRIDE } from '../product.mjs';

const IDS = Array.from({ length: PRODUCTS }, (_, i) => String(i));
/** Reads between two looks at the clock. */
const SLICE = 2_000;
/** The process turns to its timers and sockets this often, as a service does: what a reader does there is part of what a hit costs. */
const TURN_MS = 5;

/** One caller in a loop for `ms`, each hit awaited. @returns {Promise<{ reads: number, tookMs: number, cpuMs: number }>} */
export async function readLocalHits(reader, { ms }, origin) {
  const missesBefore = origin.calls;
  const read = reader.readLocal ?? reader.read;
  let reads = 0;
  let at = 0;
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  let turnedMs = startedMs;
  let nowMs = startedMs;
  while (nowMs - startedMs < ms) {
    at = reader.readSync === undefined ? await readSlice(read, at) : readSliceSync(reader.readSync, at);
    reads += SLICE;
    nowMs = performance.now();
    if (nowMs - turnedMs < TURN_MS) continue;
    turnedMs = nowMs;
    await new Promise((resolve) => setImmediate(resolve));
  }
  const tookMs = nowMs - startedMs;
  if (origin.calls !== missesBefore) throw new Error(`${origin.calls - missesBefore} reads missed`);
  const { user, system } = process.cpuUsage(cpu);
  return { reads, tookMs, cpuMs: (user + system) / 1_000 };
}

async function readSlice(read, from) {
  let at = from;
  for (let i = 0; i < SLICE; i += 1) {
    at = (at + STRIDE) % PRODUCTS;
    const value = await read(IDS[at]);
    if (value.id !== at) throw new Error(`asked for ${at}, got ${value.id}`);
  }
  return at;
}

function readSliceSync(read, from) {
  let at = from;
  for (let i = 0; i < SLICE; i += 1) {
    at = (at + STRIDE) % PRODUCTS;
    const value = read(IDS[at]);
    if (value.id !== at) throw new Error(`asked for ${at}, got ${value.id}`);
  }
  return at;
}
