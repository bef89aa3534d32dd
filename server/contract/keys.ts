import * as z from 'zod/mini';
import { envName, idempotencyKey, idText, name } from './service-ref.ts';

/** A Redis key as base64url of its bytes: keys may hold any byte. */
const keyBytes = z.string().check(z.regex(/^[A-Za-z0-9_-]+$/, 'is not a key'), z.maxLength(90_000));

/** Of the beginning of an id: it stands in the page's address, and a server takes 16 KiB of that. */
export const ID_FILTER_CHARS_MAX = 1_000;

/** One bounded step of a walk. Without `cursor` it begins; with the cursor of the step before it goes on. */
export const scanInput = z.strictObject({
  env: envName,
  service: name,
  /** Only this entity. */
  entity: z.optional(name),
  /** Only ids that begin with these characters, literally: no character is special. */
  idPrefix: z.optional(z.string().check(z.maxLength(ID_FILTER_CHARS_MAX, `is longer than ${ID_FILTER_CHARS_MAX} characters`))),
  /** Opaque: from the step before, of the same walk. */
  cursor: z.optional(z.string().check(z.maxLength(1_000))),
});
export type ScanInput = z.infer<typeof scanInput>;

/** Which generation of its entity a key belongs to. */
export type Generation = 'current' | 'previous' | 'old';

export interface KeyRow {
  /** base64url of the key's bytes. */
  key: string;
  /** The key as text, control and bidirectional characters escaped. */
  display: string;
  entity: string;
  id: string;
  /** The version, base 36. */
  version: string;
  generation: Generation;
}

export interface ScanStep {
  rows: KeyRow[];
  /** Null when the whole key space was walked. */
  cursor: string | null;
  /** Keys that this step walked past, and those of Redis in all, as Redis counts them: an estimate. */
  walked: number;
  total: number;
  /** SCAN calls of this step, and the ms of Redis time that they took. */
  rounds: number;
  redisMs: number;
}

export const keyMetaInput = z.strictObject({ keys: z.array(keyBytes).check(z.maxLength(200)) });
/** What a visible row shows beside its name; `ttlMs` null: the key is gone. */
export interface KeyMeta {
  key: string;
  ttlMs: number | null;
  sizeBytes: number | null;
}
export interface KeyMetaList {
  rows: KeyMeta[];
  /** Redis time of the answer. */
  nowMs: number;
}

/** The id is the head and digest of a long one, as its key holds them: `checkId` looks whether it is. */
const idHashed = z.optional(z.boolean());

const exactName = z.strictObject({ env: envName, service: name, entity: name, id: idText });
/** The exact-name fast path: the entry under the entity's current version, no SCAN. */
export const findInput = z.extend(exactName, { idHashed });
export const entryInput = z.strictObject({ key: keyBytes });

/** A key that a walk showed, or the one of an exact name. */
export const explainInput = z.union([entryInput, exactName]);
export type ExplainInput = z.infer<typeof explainInput>;

/** What the next read of a key does in one running instance, and why. */
export interface InstanceRead {
  /** Which tier answers it: the instance itself, Redis, or neither. */
  tier: 'l1' | 'redis' | 'origin';
  does: 'serve' | 'serve and perhaps refresh' | 'serve and refresh' | 'wait' | 'load and fill' | 'load without filling' | 'fail';
  why: string;
  /** What it holds in its L1, by when that was loaded (Redis ms); null where it has none or holds nothing. */
  local: { createdMs: number; sizeBytes: number; serves: boolean; why: string } | null;
}

export interface ExplainView {
  /** `read` null: the instance has no policy for the entity. */
  answers: { instance: string; read: InstanceRead | null }[];
  /** Asked, and silent for 1 s. */
  pending: string[];
  /** All that run; of a large fleet some are asked. */
  living: number;
  /** Redis time of the answer. */
  nowMs: number;
}

export interface EntryView {
  key: string;
  display: string;
  env: string;
  service: string;
  entity: string;
  id: string;
  /** True if `id` is the head and digest of a long one, as the key holds them. */
  idHashed: boolean;
  version: string;
  generation: Generation;
  ttlMs: number;
  /** The whole stored string, and what Redis says the key takes; null where it was not asked. */
  sizeBytes: number;
  memoryBytes: number | null;
  /** Null when the bytes are no legal envelope: `problem` says why. */
  envelope: {
    createdMs: number;
    freshUntilMs: number;
    expiresMs: number;
    loadCostMs: number;
    codec: string;
    compressed: boolean;
    /** Of the payload: decompressed, and as it stands. */
    rawBytes: number;
    storedBytes: number;
    /** `stale`: a soft invalidation marked it, whatever its times say. */
    flags: string[];
  } | null;
  problem: string | null;
  /** The decoded value as indented JSON, cut at 64 KiB. */
  value: string | null;
  truncated: boolean;
  lease: { kind: 'load' | 'write'; ttlMs: number; waiters: number } | null;
  /** Redis time of the answer, so that the browser can count down. */
  nowMs: number;
}

export const invalidateInput = z.strictObject({
  env: envName,
  service: name,
  entity: name,
  id: idText,
  idHashed,
  /** `hard`, the default: it is removed. `soft`: it stays, and is served as stale while somebody loads it again. */
  mode: z.optional(z.enum(['hard', 'soft'])),
  idempotencyKey,
});
export interface InvalidateReceipt {
  entity: string;
  id: string;
  /** As it was asked for. */
  mode: 'hard' | 'soft';
  /** Entries that were there and are gone now. */
  removed: number;
  /** Entries that stay, as stale. */
  markedStale: number;
  /** Loads under way whose result will not be stored. */
  leasesRevoked: number;
  tookMs: number;
  auditId: string;
}
