import { crc32 } from 'node:zlib';
import { PAYLOAD_BYTES_MAX } from './codec/codec.ts';
import type { CacheKey } from './keys.ts';
import { viewOf } from './view-of.ts';
import { xxh32 } from './xxh32.ts';

/**
 * Envelope v2, little endian: what stands in Redis under a data key.
 *
 * | at | bytes | |
 * |-|-|-|
 * | 0 | 2 | `SB` |
 * | 2 | 1 | version, 2 |
 * | 3 | 1 | form of the payload: 1 json, 7 json in ASCII, 2 msgpack, 4 the service's own codec, 8 none (not found); plus 48 if deflated. Any two differ in two bits |
 * | 4 | 2 | flags, each byte the same, so that one flipped bit shows: bit 0 stale (marked in place, so outside the checksum) |
 * | 6 | 2 | length of the key, bytes |
 * | 8 | 4 | XXH32 of everything from byte 12, with the form and the length of the key as its seed |
 * | 12 | 4 | schema hash, 0 for none |
 * | 16, 24, 32 | 8 each | created (start of the load), fresh until, expires: Redis ms since 1970, doubles |
 * | 40 | 8 | load cost, ms, double |
 * | 48 | | the key, UTF-8, then the payload |
 *
 * The key in full rather than a digest: comparing it costs a twentieth of a hash, and a reply that got to the wrong
 * reader is found out. A new version adds golden files beside the old ones; old entries still decode. Version 1 had a
 * CRC-32 of everything from byte 12, and no form for ASCII.
 */
const HEADER_BYTES = 48;
const MAGIC = 0x4253;
const VERSION = 2;
const VERSION_OF_CRC = 1;
const FLAGS_NONE = 0x0000;
const FLAGS_STALE = 0x0101;
/** Where and what a soft invalidation writes into an entry (rule 5). */
export const STALE_MARK_AT = 4;
export const STALE_MARK: Buffer = Buffer.from([1, 1]);
/** The first bytes tell one fill of a key from another. */
export const ENVELOPE_HEAD_BYTES: number = HEADER_BYTES;

/** Times: Redis ms since 1970. */
export interface EnvelopeTimes {
  createdMs: number;
  freshUntilMs: number;
  expiresMs: number;
  loadCostMs: number;
}

/** `absent`: the origin said that there is nothing; there is no payload. */
type PayloadCodec = 'json' | 'msgpack' | 'custom' | 'absent';

/** What the header says of the payload. */
export interface PayloadForm {
  readonly codec: PayloadCodec;
  readonly compressed: boolean;
  /** Text with a byte for each character, which is read faster. */
  readonly ascii: boolean;
  /** Of the schema that the value was checked by; 0 for none. */
  readonly schemaHash: number;
}

export interface EncodedPayload extends PayloadForm {
  readonly bytes: Buffer;
}

const CODEC_BYTES: Readonly<Record<PayloadCodec, number>> = { json: 1, msgpack: 2, custom: 4, absent: 8 };
const JSON_IN_ASCII = 7;
const COMPRESSED = 0x30;
const FORMS: ReadonlyMap<number, Omit<PayloadForm, 'schemaHash'>> = new Map([
  [CODEC_BYTES.json, { codec: 'json', compressed: false, ascii: false }],
  [JSON_IN_ASCII, { codec: 'json', compressed: false, ascii: true }],
  [CODEC_BYTES.msgpack, { codec: 'msgpack', compressed: false, ascii: false }],
  [CODEC_BYTES.custom, { codec: 'custom', compressed: false, ascii: false }],
  [CODEC_BYTES.absent, { codec: 'absent', compressed: false, ascii: false }],
  [CODEC_BYTES.json | COMPRESSED, { codec: 'json', compressed: true, ascii: false }],
  [JSON_IN_ASCII | COMPRESSED, { codec: 'json', compressed: true, ascii: true }],
  [CODEC_BYTES.msgpack | COMPRESSED, { codec: 'msgpack', compressed: true, ascii: false }],
  [CODEC_BYTES.custom | COMPRESSED, { codec: 'custom', compressed: true, ascii: false }],
]);

export type Judgement =
  | ({ kind: 'fresh' | 'stale' | 'expired'; flags: string[]; payloadOffset: number } & PayloadForm & EnvelopeTimes)
  | { kind: 'problem'; problem: EnvelopeProblem };

export type EnvelopeProblem =
  | 'not an envelope'
  | 'unknown version'
  | 'unknown codec'
  | 'unknown flags'
  | 'checksum does not match'
  | 'entry of another key'
  | 'impossible times'
  | 'larger than the bound'
  | 'payload does not decode'
  | 'unknown structures'
  | 'not of the schema';

const NO_FLAGS: string[] = [];
const STALE_FLAGS = ['stale'];
const CHECKED_FROM = 12;

export function sealEnvelope(key: CacheKey, payload: EncodedPayload, times: EnvelopeTimes): Buffer {
  const keyBytes = Buffer.byteLength(key);
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + keyBytes + payload.bytes.length);
  bytes.writeUInt16LE(MAGIC, 0);
  bytes.writeUInt8(VERSION, 2);
  bytes.writeUInt8((payload.ascii ? JSON_IN_ASCII : CODEC_BYTES[payload.codec]) | (payload.compressed ? COMPRESSED : 0), 3);
  bytes.writeUInt16LE(FLAGS_NONE, STALE_MARK_AT);
  bytes.writeUInt16LE(keyBytes, 6);
  bytes.writeUInt32LE(payload.schemaHash, 12);
  writeTimes(bytes, times);
  bytes.write(key, HEADER_BYTES);
  payload.bytes.copy(bytes, HEADER_BYTES + keyBytes);
  bytes.writeUInt32LE(checksumOf(bytes), 8);
  return bytes;
}

/** The first bytes of an entry, as they would be had the same value been stored with these times. The entry is one that `judge` found no problem with. */
export function renewHead(entry: Buffer, times: EnvelopeTimes): Buffer {
  const bytes = Buffer.from(entry);
  bytes.writeUInt16LE(FLAGS_NONE, STALE_MARK_AT);
  writeTimes(bytes, times);
  bytes.writeUInt32LE(checksumOf(bytes), 8);
  return bytes.subarray(0, HEADER_BYTES);
}

/** By the version that the entry is of. */
function checksumOf(bytes: Buffer): number {
  if (bytes[2] === VERSION_OF_CRC) return crc32(bytes.subarray(CHECKED_FROM));
  return xxh32(bytes, CHECKED_FROM, ((bytes[3] ?? 0) << 16) | bytes.readUInt16LE(6));
}

function writeTimes(bytes: Buffer, times: EnvelopeTimes): void {
  bytes.writeDoubleLE(times.createdMs, 16);
  bytes.writeDoubleLE(times.freshUntilMs, 24);
  bytes.writeDoubleLE(times.expiresMs, 32);
  bytes.writeDoubleLE(times.loadCostMs, 40);
}

/** How an entry stands at `nowMs` (Redis time). Pure; the payload is looked at by the checksum alone. */
export function judge(bytes: Buffer, key: string, nowMs: number): Judgement {
  if (bytes.length < HEADER_BYTES) return problem('not an envelope');
  const view = viewOf(bytes.buffer);
  const at = bytes.byteOffset;
  if (view.getUint16(at, true) !== MAGIC) return problem('not an envelope');
  if (bytes[2] !== VERSION && bytes[2] !== VERSION_OF_CRC) return problem('unknown version');
  const form = FORMS.get(bytes[3] ?? 0);
  if (form === undefined) return problem('unknown codec');
  const flags = view.getUint16(at + 4, true);
  if (flags !== FLAGS_NONE && flags !== FLAGS_STALE) return problem('unknown flags');
  const payloadOffset = HEADER_BYTES + view.getUint16(at + 6, true);
  if (payloadOffset > bytes.length) return problem('not an envelope');
  if (bytes.length - payloadOffset > PAYLOAD_BYTES_MAX) return problem('larger than the bound');
  if (bytes.toString('utf8', HEADER_BYTES, payloadOffset) !== key) return problem('entry of another key');
  if (checksumOf(bytes) !== view.getUint32(at + 8, true)) return problem('checksum does not match');
  const createdMs = view.getFloat64(at + 16, true);
  const freshUntilMs = view.getFloat64(at + 24, true);
  const expiresMs = view.getFloat64(at + 32, true);
  const loadCostMs = view.getFloat64(at + 40, true);
  if (!(createdMs >= 0 && freshUntilMs >= createdMs && expiresMs >= freshUntilMs && loadCostMs >= 0 && expiresMs < 1e16)) {
    return problem('impossible times');
  }
  const markedStale = flags === FLAGS_STALE;
  return {
    kind: nowMs >= expiresMs ? 'expired' : markedStale || nowMs >= freshUntilMs ? 'stale' : 'fresh',
    codec: form.codec,
    compressed: form.compressed,
    ascii: form.ascii,
    flags: markedStale ? STALE_FLAGS : NO_FLAGS,
    schemaHash: view.getUint32(at + 12, true),
    payloadOffset,
    createdMs,
    freshUntilMs,
    expiresMs,
    loadCostMs,
  };
}

function problem(what: EnvelopeProblem): Judgement {
  return { kind: 'problem', problem: what };
}
