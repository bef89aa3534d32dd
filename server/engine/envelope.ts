import { crc32 } from 'node:zlib';
import { SerializationError } from './errors.ts';
import type { CacheKey } from './keys.ts';

/**
 * Envelope v1, little endian: what stands in Redis under a data key.
 *
 * | at | bytes | |
 * |-|-|-|
 * | 0 | 2 | `SB` |
 * | 2 | 1 | version, 1 |
 * | 3 | 1 | codec: 1 json |
 * | 4 | 2 | flags, each byte the same, so that one flipped bit shows: bit 0 stale (marked in place, so outside the checksum) |
 * | 6 | 2 | length of the key, bytes |
 * | 8 | 4 | CRC-32 of everything from byte 12 |
 * | 12 | 4 | schema hash, 0 for none |
 * | 16, 24, 32 | 8 each | created (start of the load), fresh until, expires: Redis ms since 1970, doubles |
 * | 40 | 8 | load cost, ms, double |
 * | 48 | | the key, UTF-8, then the payload |
 *
 * The key in full rather than a digest: comparing it costs a twentieth of a hash, and a reply that got to the wrong
 * reader is found out. A new version adds a golden file beside the old one; old entries still decode.
 */
const HEADER_BYTES = 48;
const MAGIC = 0x4253;
const VERSION = 1;
const CODEC_JSON = 1;
const FLAGS_NONE = 0x0000;
const FLAGS_STALE = 0x0101;
/** Where and what a soft invalidation writes into an entry (rule 5). */
export const STALE_MARK_AT = 4;
export const STALE_MARK: Buffer = Buffer.from([1, 1]);
/** A payload past this is not stored, and not decoded. */
const PAYLOAD_BYTES_MAX = 16 * 1024 * 1024;
/** The first bytes tell one fill of a key from another. */
export const ENVELOPE_HEAD_BYTES: number = HEADER_BYTES;

/** Times: Redis ms since 1970. */
export interface EnvelopeTimes {
  createdMs: number;
  freshUntilMs: number;
  expiresMs: number;
  loadCostMs: number;
}

export type Judgement =
  | ({ kind: 'fresh' | 'stale' | 'expired'; codec: 'json'; flags: string[]; schemaHash: number; payloadOffset: number } & EnvelopeTimes)
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
  | 'payload does not decode';

const NO_FLAGS: string[] = [];
const STALE_FLAGS = ['stale'];

/** The payload of a value. Throws `SerializationError`; values are what JSON makes of them. */
export function encodePayload(value: unknown): Buffer {
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch (cause) {
    throw new SerializationError(`the value has no JSON form${cause instanceof TypeError ? ' (a cycle or a BigInt)' : ''}`, { cause });
  }
  if (json === undefined) throw new SerializationError(`the value is ${typeof value}, which has no JSON form`);
  const payload = Buffer.from(json);
  if (payload.length > PAYLOAD_BYTES_MAX)
    throw new SerializationError(`the value takes ${payload.length} bytes, at most ${PAYLOAD_BYTES_MAX} are stored`);
  return payload;
}

export function sealEnvelope(key: CacheKey, payload: Buffer, times: EnvelopeTimes): Buffer {
  const keyBytes = Buffer.byteLength(key);
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + keyBytes + payload.length);
  bytes.writeUInt16LE(MAGIC, 0);
  bytes.writeUInt8(VERSION, 2);
  bytes.writeUInt8(CODEC_JSON, 3);
  bytes.writeUInt16LE(FLAGS_NONE, STALE_MARK_AT);
  bytes.writeUInt16LE(keyBytes, 6);
  bytes.writeUInt32LE(0, 12);
  bytes.writeDoubleLE(times.createdMs, 16);
  bytes.writeDoubleLE(times.freshUntilMs, 24);
  bytes.writeDoubleLE(times.expiresMs, 32);
  bytes.writeDoubleLE(times.loadCostMs, 40);
  bytes.write(key, HEADER_BYTES);
  payload.copy(bytes, HEADER_BYTES + keyBytes);
  bytes.writeUInt32LE(crc32(bytes.subarray(12)), 8);
  return bytes;
}

/** How an entry stands at `nowMs` (Redis time). Pure; the payload is looked at by the checksum alone. */
export function judge(bytes: Buffer, key: string, nowMs: number): Judgement {
  if (bytes.length < HEADER_BYTES || bytes.readUInt16LE(0) !== MAGIC) return problem('not an envelope');
  if (bytes[2] !== VERSION) return problem('unknown version');
  if (bytes[3] !== CODEC_JSON) return problem('unknown codec');
  const flags = bytes.readUInt16LE(4);
  if (flags !== FLAGS_NONE && flags !== FLAGS_STALE) return problem('unknown flags');
  const payloadOffset = HEADER_BYTES + bytes.readUInt16LE(6);
  if (payloadOffset > bytes.length) return problem('not an envelope');
  if (bytes.length - payloadOffset > PAYLOAD_BYTES_MAX) return problem('larger than the bound');
  if (bytes.toString('utf8', HEADER_BYTES, payloadOffset) !== key) return problem('entry of another key');
  if (crc32(bytes.subarray(12)) !== bytes.readUInt32LE(8)) return problem('checksum does not match');
  const createdMs = bytes.readDoubleLE(16);
  const freshUntilMs = bytes.readDoubleLE(24);
  const expiresMs = bytes.readDoubleLE(32);
  const loadCostMs = bytes.readDoubleLE(40);
  if (!(createdMs >= 0 && freshUntilMs >= createdMs && expiresMs >= freshUntilMs && loadCostMs >= 0 && expiresMs < 1e16)) {
    return problem('impossible times');
  }
  const markedStale = flags === FLAGS_STALE;
  return {
    kind: nowMs >= expiresMs ? 'expired' : markedStale || nowMs >= freshUntilMs ? 'stale' : 'fresh',
    codec: 'json',
    flags: markedStale ? STALE_FLAGS : NO_FLAGS,
    schemaHash: bytes.readUInt32LE(12),
    payloadOffset,
    createdMs,
    freshUntilMs,
    expiresMs,
    loadCostMs,
  };
}

/** The value of an entry that `judge` found no problem with; a payload that does not decode is one after all. */
export function decodePayload(bytes: Buffer, payloadOffset: number): { ok: true; value: unknown } | { ok: false } {
  try {
    return { ok: true, value: JSON.parse(bytes.toString('utf8', payloadOffset)) };
  } catch {
    // The text of the error quotes the payload; the caller reports the problem by its name.
    return { ok: false };
  }
}

function problem(what: EnvelopeProblem): Judgement {
  return { kind: 'problem', problem: what };
}
