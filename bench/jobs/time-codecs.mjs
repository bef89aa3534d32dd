import { Packr } from 'msgpackr';
import { EntryCodec } from '../../server/engine/dist/codec/entry-codec.js';
import { product } from '../product.mjs';
import { round, turned } from '../summarize.mjs';

/** Of one codec at a time; between them the others have theirs. */
const SLICE_CALLS = 2_000;
const SLICES = 20;
/** Few enough to lie near the processor, where bytes lie that have just come from a socket. Thousands would be a measure of the memory. */
const OBJECTS = 64;
const VALUES = Array.from({ length: OBJECTS }, (_, i) => product(i));
const CODECS = [jsonText(), msgpackrShared(), engine('json'), engine('msgpack')];
for (const codec of CODECS) codec.payloads = VALUES.map((value) => codec.encode(value));

/** What it takes to decode and to encode the 1 KB object, each codec in turns. @returns {Promise<{ codec: string, bytes: number, decodeUs: number, encodeUs: number }[]>} */
export async function timeCodecs(_reader, { turn }) {
  const took = new Map(CODECS.map((codec) => [codec, { decodeMs: 0, encodeMs: 0 }]));
  for (let slice = 0; slice < SLICES; slice += 1) {
    for (const codec of turned(CODECS, turn)) {
      const sum = took.get(codec);
      sum.decodeMs += timed(codec.decode, codec.payloads);
      sum.encodeMs += timed(codec.encode, VALUES);
    }
  }
  const us = (ms) => round((ms / (SLICES * SLICE_CALLS)) * 1_000);
  return CODECS.map((codec) => {
    const { decodeMs, encodeMs } = took.get(codec);
    return { codec: codec.name, bytes: codec.bytesOf(codec.payloads[7]), decodeUs: us(decodeMs), encodeUs: us(encodeMs) };
  });
}

function timed(call, inputs) {
  let last = null;
  const startedMs = performance.now();
  for (let i = 0; i < SLICE_CALLS; i += 1) {
    last = call(inputs[i % OBJECTS]);
  }
  const tookMs = performance.now() - startedMs;
  if (last === null || last === undefined) throw new Error('nothing came of it');
  return tookMs;
}

/** The text is there already: no reader of Redis gets it for less. */
function jsonText() {
  return { name: 'JSON.parse', encode: JSON.stringify, decode: (text) => JSON.parse(text), bytesOf: (text) => Buffer.byteLength(text) };
}

/** The limit: a set of its own, no checks. */
function msgpackrShared() {
  const packr = new Packr({ structures: [] });
  for (let i = 0; i < 2; i += 1) packr.pack(product(i));
  return {
    name: 'msgpackr',
    encode: (value) => packr.pack(value),
    decode: (bytes) => packr.unpack(bytes),
    bytesOf: (bytes) => bytes.length,
  };
}

/** As the engine writes and reads a value, its checks included. */
function engine(name) {
  const codec = new EntryCodec({ codec: name, compress: false, bytesMax: 1 << 24, schema: null, schemaId: null, migrate: null });
  // A shape that came twice is learned, and used from when it is published.
  for (let i = 0; i < 2; i += 1) codec.encode(product(i));
  if (codec.usesSets) codec.adopt(codec.wantedSet, true);
  const decode = (payload) => {
    const decoded = codec.decode(payload.bytes, 0, payload);
    if (decoded.kind !== 'value') throw new Error(decoded.kind);
    return decoded.value;
  };
  return { name: `engine-${name}`, encode: (value) => codec.encode(value), decode, bytesOf: (payload) => payload.bytes.length };
}
