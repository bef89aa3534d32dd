import { usedBytes } from '../used-bytes.mjs';

/** Asks for `count` keys of a Redis that has gone mute, and weighs what waits. Bytes for each read; needs --expose-gc. */
export async function holdReads(reader, { count, perTurn }) {
  const ids = Array.from({ length: count }, (_, i) => String(1_000_000 + i));
  const held = new Array(count).fill(null);
  const fill = async (make) => {
    const before = await usedBytes();
    for (let i = 0; i < count; i += 1) {
      held[i] = make(ids[i]);
      if (i % perTurn === perTurn - 1) await new Promise((resolve) => setImmediate(resolve));
    }
    return ((await usedBytes()) - before) / count;
  };
  // Written out, as the key is when it has been sent. Twice: what the process had left over goes with the first.
  const keys = (id) => Buffer.from(reader.keyOf(id)).toString();
  await fill(keys);
  held.fill(null);
  const keyBytes = await fill(keys);
  held.fill(null);
  const bytes = await fill((id) => reader.hold(id));
  return { bytes: Math.round(bytes), keyBytes: Math.round(keyBytes), beyondKeyBytes: Math.round(bytes - keyBytes) };
}
