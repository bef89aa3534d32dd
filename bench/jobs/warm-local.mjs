import { PRODUCTS } from '../product.mjs';

const IDS = Array.from({ length: PRODUCTS }, (_, i) => String(i));
const PASSES_MAX = 50;

/** Reads until the process answers every read by itself. */
export async function warmLocal(reader, _options, origin) {
  origin.delayMs = 0;
  for (let pass = 0; pass < PASSES_MAX; pass += 1) {
    const before = origin.calls;
    const local = await countLocal(reader, async () => {
      for (const id of IDS) await reader.read(id);
    });
    if (origin.calls === before && local === PRODUCTS) return;
  }
  throw new Error(`not every read is answered within the process after ${PASSES_MAX} passes`);
}

/** A reader that cannot say it has no other place to answer from. */
async function countLocal(reader, run) {
  if (reader.countLocal !== undefined) return reader.countLocal(run);
  await run();
  return PRODUCTS;
}
