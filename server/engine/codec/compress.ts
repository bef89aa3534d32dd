import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { PAYLOAD_BYTES_MAX } from './codec.ts';

/**
 * Raw DEFLATE behind the length of what it unfolds to (u32, little endian). Of what Node 20 has, it unfolds fastest on
 * payloads of 1 to 20 KB, which is what a read pays for; brotli saves some percent more at two to three times the time; gzip
 * adds a checksum that the envelope has already; zstd is in no Node 20, and one instance without it would read nothing.
 */
const LENGTH_BYTES = 4;
/** From this size on it is worth a look. */
export const COMPRESS_BYTES_MIN = 1_024;
/** What folds better than this is stored as it is: no reader unfolds more from so little. */
const RATIO_MAX = 100;
const LEVEL = 1;

/** The folded form; null where it saves less than an eighth. */
export function compress(bytes: Buffer): Buffer | null {
  const folded = deflateRawSync(bytes, { level: LEVEL });
  const length = LENGTH_BYTES + folded.length;
  if (length > bytes.length * 0.875 || bytes.length > length * RATIO_MAX) return null;
  const out = Buffer.allocUnsafe(length);
  out.writeUInt32LE(bytes.length, 0);
  folded.copy(out, LENGTH_BYTES);
  return out;
}

/** Length after decompression, as the payload claims. */
export function unfoldedBytes(payload: Buffer): number {
  return payload.length < LENGTH_BYTES ? 0 : payload.readUInt32LE(0);
}

/**
 * Throws for what is not of the form, unfolds to another length than it claims, or past a cap: no more than was claimed is ever
 * allocated. On the caller's turn of the event loop, whatever the size: what follows, decoding, cannot leave it and takes longer.
 */
export function decompress(payload: Buffer): Buffer {
  const length = unfoldedBytes(payload);
  if (length === 0 || length > PAYLOAD_BYTES_MAX || length > payload.length * RATIO_MAX) throw new RangeError('unfolds past a cap');
  // In one piece: pieces of 16 KB, the default, are joined by another copy. Full to the brim, zlib would begin a second one.
  const chunkSize = Math.max(constants.Z_MIN_CHUNK, length + 1);
  const bytes = inflateRawSync(payload.subarray(LENGTH_BYTES), { maxOutputLength: length, chunkSize });
  if (bytes.length !== length) throw new RangeError('unfolds to another length');
  return bytes;
}
