import zlib from 'node:zlib';
import { payload } from '../payloads.mjs';
import { median, round, turned } from '../summarize.mjs';

const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = zlib.constants;

/** The least that zlib takes. */
const CHUNK_BYTES_MIN = 64;
/** All that node:zlib of Node 20 offers, as a service would call it. The engine's is the first; the second gets its room at once, and not by 16 KB. */
const CANDIDATES = {
  'deflate-raw 1': deflate(1),
  'deflate-raw 1, room at once': {
    ...deflate(1),
    unfold: (bytes, length) => zlib.inflateRawSync(bytes, { maxOutputLength: length, chunkSize: Math.max(CHUNK_BYTES_MIN, length) }),
  },
  'deflate-raw 3': deflate(3),
  'deflate-raw 6': deflate(6),
  gzip: { fold: (bytes) => zlib.gzipSync(bytes), unfold: (bytes, maxOutputLength) => zlib.gunzipSync(bytes, { maxOutputLength }) },
  'brotli 1': brotli(1),
  'brotli 4': brotli(4),
};
/** Payloads of one kind and size: one alone would be learned by the processor. */
const PAYLOADS = 8;
/** Folded by each candidate in a turn, of one kind and size; small ones often. */
const BYTES_PER_TURN = 1 << 20;
const CALLS_MIN = 4;
const CALLS_MAX = 64;

/** Ratio and time of each candidate on payloads of one kind and size, in turns. Times are the median of the calls: zlib's own rare pauses are the collector's. */
export async function timeFolding(_reader, { kind, bytes, turn }) {
  const payloads = Array.from({ length: PAYLOADS }, (_, seed) => payload(kind, bytes, seed + 1));
  const calls = Math.max(CALLS_MIN, Math.min(CALLS_MAX, Math.round(BYTES_PER_TURN / bytes)));
  return turned(Object.keys(CANDIDATES), turn).map((candidate) => ({
    candidate,
    kind,
    bytes,
    ...fold(CANDIDATES[candidate], payloads, calls),
  }));
}

function fold({ fold, unfold }, payloads, calls) {
  const foldMs = [];
  const unfoldMs = [];
  let before = 0;
  let after = 0;
  for (let call = 0; call < calls; call += 1) {
    const bytes = payloads[call % payloads.length];
    const startedMs = performance.now();
    const folded = fold(bytes);
    const foldedMs = performance.now();
    const unfolded = unfold(folded, bytes.length);
    const endedMs = performance.now();
    if (!unfolded.equals(bytes)) throw new Error('it comes back as something else');
    foldMs.push(foldedMs - startedMs);
    unfoldMs.push(endedMs - foldedMs);
    before += bytes.length;
    after += folded.length;
  }
  return { ratio: round(after / before), foldUs: round(1_000 * median(foldMs), 1), unfoldUs: round(1_000 * median(unfoldMs), 1) };
}

function deflate(level) {
  return {
    fold: (bytes) => zlib.deflateRawSync(bytes, { level }),
    unfold: (bytes, maxOutputLength) => zlib.inflateRawSync(bytes, { maxOutputLength }),
  };
}

function brotli(quality) {
  return {
    fold: (bytes) =>
      zlib.brotliCompressSync(bytes, { params: { [BROTLI_PARAM_QUALITY]: quality, [BROTLI_PARAM_SIZE_HINT]: bytes.length } }),
    unfold: (bytes, maxOutputLength) => zlib.brotliDecompressSync(bytes, { maxOutputLength }),
  };
}
