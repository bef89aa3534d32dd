import { usedBytes } from '../used-bytes.mjs';

const PASSES_MAX = 20;
const AT_ONCE = 100;

/** Reads `count` entries until the process answers every one by itself, and weighs what it holds then. Needs --expose-gc. */
export async function holdLocal(reader, { count }, origin) {
  const missesBefore = origin.calls;
  // What the first reads leave behind is not the entries'.
  await readAll(reader, AT_ONCE);
  const before = await usedBytes();
  let local = 0;
  for (let pass = 0; pass < PASSES_MAX && local < count; pass += 1) local = await reader.countLocal(() => readAll(reader, count));
  if (local < count) throw new Error(`the process holds ${local} of ${count} entries`);
  if (origin.calls !== missesBefore) throw new Error(`${origin.calls - missesBefore} reads missed`);
  return { bytes: Math.round(((await usedBytes()) - before) / (count - AT_ONCE)) };
}

/** Each id is a text of its own, as it is in a service: the entry that is held keeps it. */
async function readAll(reader, count) {
  for (let from = 0; from < count; from += AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, i) => reader.read(String(from + i))));
  }
}
