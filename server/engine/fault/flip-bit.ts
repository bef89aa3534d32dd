/** A copy with one bit flipped, anywhere. */
export function flipBit(bytes: Buffer, random: () => number): Buffer {
  const copy = Buffer.from(bytes);
  if (copy.length === 0) return copy;
  const bit = Math.min(Math.floor(random() * copy.length * 8), copy.length * 8 - 1);
  copy.writeUInt8(copy.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
  return copy;
}
