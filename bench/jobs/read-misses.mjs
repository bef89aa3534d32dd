import { spread } from '../summarize.mjs';

/** Cold keys, one after another by each of a few callers: what a caller waits, and how much of it is not the origin's. */
export async function readMisses(reader, { callers, reads, delayMs, run }, origin) {
  origin.delayMs = delayMs;
  const waited = [];
  const beyond = [];
  async function call(caller) {
    for (let i = 0; i < reads; i += 1) {
      const id = `${i}-${caller}-${run}`;
      const startedMs = performance.now();
      await reader.read(id);
      const ms = performance.now() - startedMs;
      waited.push(ms);
      // The timer's own error is in both, and so in neither.
      beyond.push(ms - origin.tookMs.get(id));
    }
  }
  await Promise.all(Array.from({ length: callers }, (_, caller) => call(caller)));
  origin.tookMs.clear();
  return { waited: spread(waited), beyond: spread(beyond) };
}
