import { textOf } from '../ask-redis.ts';
import { customCodecOf, EntryCodec } from '../codec/entry-codec.ts';
import { parseStoredSet } from '../codec/structure-store.ts';
import { parseTimeReply } from '../control/redis-offset.ts';
import { judge } from '../envelope.ts';
import {
  asDataKey,
  type DataKeyParts,
  dataKeyOf,
  dataKeyPrefix,
  escapeId,
  leaseKey,
  parseDataKey,
  standingId,
  structuresKey,
  versionKey,
} from '../keys.ts';
import { INSTANCE_LENGTH, TOKEN_LENGTH } from '../scripts.ts';
import { parseVersionRecord } from '../version-record.ts';
import type { EntryInspection, FindOptions, KeySpaceRef } from './operator.ts';
import type { OperatorConnection } from './operator-connection.ts';

/** A longer entry is neither read nor measured: one look must not hold up the callers of a Redis. */
const readBytesMax = 1 << 20;
/** Of a form that only its service can read. */
const HEAD_BYTES_MAX = 4_096;

/** The entry under the current version, by its id, or by the head and digest of a long one; null if there is none. */
export async function findEntry(
  connection: OperatorConnection,
  ref: KeySpaceRef,
  entity: string,
  id: string,
  { idHashed = false }: FindOptions = {},
): Promise<EntryInspection | null> {
  const [reply] = await connection.run('reads', [{ name: 'GET', args: [versionKey(ref, entity)] }]);
  const record = parseVersionRecord(textOf(reply) ?? '');
  if (record === null) return null;
  const idPart = idHashed ? standingId(id) : escapeId(id);
  const found = await inspectEntry(connection, Buffer.from(dataKeyOf(dataKeyPrefix(ref, record.ns, entity), idPart)));
  // A long id stands in its key as a digest; who asks by the whole knows it.
  return found === null ? null : { ...found, id, idHashed };
}

/** One entry, its envelope and its lease; null if the key is gone or is no data key. Length first, in Redis, before anything is read. */
export async function inspectEntry(connection: OperatorConnection, key: Buffer): Promise<EntryInspection | null> {
  const name = key.toString('utf8');
  const parts = parseDataKey(name);
  if (parts === null) return null;
  const lease = leaseKey(asDataKey(name));
  const [time, ttlMs, sizeBytes, leaseValue, leaseTtlMs] = await connection.attempt('reads', [
    { name: 'TIME', args: [] },
    { name: 'PTTL', args: [key] },
    { name: 'STRLEN', args: [key] },
    { name: 'GET', args: [lease] },
    { name: 'PTTL', args: [lease] },
  ]);
  const nowMs = parseTimeReply(time);
  if (nowMs === null) throw connection.unavailable(time, 'no');
  if (typeof ttlMs !== 'number' || ttlMs === -2) return null;
  const known = { nowMs: Math.round(nowMs), ttlMs, lease: readLease(leaseValue, leaseTtlMs) };
  if (typeof sizeBytes !== 'number') return inspection(key, parts, { ...known, sizeBytes: 0, memoryBytes: null }, problem('not a string'));
  if (sizeBytes > readBytesMax) {
    const head = `larger than what is read here (${readBytesMax} bytes)`;
    return inspection(key, parts, { ...known, sizeBytes, memoryBytes: null }, problem(head));
  }
  const [value, memory] = await connection.attempt('reads', [
    { name: 'GET', args: [key] },
    { name: 'MEMORY', args: ['USAGE', key, 'SAMPLES', '5'] },
  ]);
  if (!Buffer.isBuffer(value)) return null;
  const memoryBytes = typeof memory === 'number' ? memory : null;
  return inspection(
    key,
    parts,
    { ...known, sizeBytes: value.length, memoryBytes },
    await readContent(connection, parts, value, name, nowMs),
  );
}

type Measured = Pick<EntryInspection, 'nowMs' | 'ttlMs' | 'lease' | 'sizeBytes' | 'memoryBytes'>;

function inspection(key: Buffer, parts: DataKeyParts, measured: Measured, content: EntryInspection['content']): EntryInspection {
  const { env, service, entity, id, idHashed, version } = parts;
  return { key, ref: { env, service }, entity, id, idHashed, version, ...measured, content };
}

/** Reads what every service's entry may be made of; the form of a codec of its own is known to the service alone. */
async function readContent(
  connection: OperatorConnection,
  parts: DataKeyParts,
  bytes: Buffer,
  key: string,
  nowMs: number,
): Promise<EntryInspection['content']> {
  const judged = judge(bytes, key, nowMs);
  if (judged.kind === 'problem') return problem(judged.problem);
  const { createdMs, freshUntilMs, expiresMs, loadCostMs, flags, payloadOffset, compressed } = judged;
  const reader = new EntryCodec({ codec: 'json', compress: false, bytesMax: 16 << 20, schema: null, schemaId: null, migrate: null });
  const payload = reader.unfold(bytes, payloadOffset, judged);
  if (payload === null) return problem('payload does not decode');
  const own = judged.codec === 'custom' ? (customCodecOf(payload, 0) ?? 'of no name') : null;
  const envelope = {
    kind: 'envelope' as const,
    createdMs,
    freshUntilMs,
    expiresMs,
    loadCostMs,
    codec: own ?? judged.codec,
    flags: [...flags],
    compressed,
    rawBytes: payload.length,
    storedBytes: bytes.length - payloadOffset,
    schemaHash: judged.schemaHash,
  };
  if (own !== null) return { ...envelope, value: undefined, ownBytes: payload.subarray(0, HEAD_BYTES_MAX) };
  let decoded = reader.decode(bytes, payloadOffset, judged);
  if (decoded.kind === 'unknown set') {
    const args = [structuresKey(parts, parts.entity), decoded.address];
    const [reply] = await connection.attempt('reads', [{ name: 'HGET', args }]);
    const stored = parseStoredSet(decoded.address, textOf(reply) ?? '');
    if (stored === null) return problem('unknown structures');
    reader.adopt(stored.set, false);
    decoded = reader.decode(bytes, payloadOffset, judged);
  }
  return decoded.kind === 'value' ? { ...envelope, value: decoded.value, ownBytes: null } : problem('payload does not decode');
}

function problem(what: string): EntryInspection['content'] {
  return { kind: 'problem', problem: what };
}

function readLease(value: unknown, ttlMs: unknown): EntryInspection['lease'] {
  if (!Buffer.isBuffer(value) || value.length < TOKEN_LENGTH || typeof ttlMs !== 'number') return null;
  return {
    kind: value[0] === 'W'.charCodeAt(0) ? 'write' : 'load',
    ttlMs,
    waiters: Math.floor((value.length - TOKEN_LENGTH) / INSTANCE_LENGTH),
  };
}
