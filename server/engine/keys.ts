import { createHash } from 'node:crypto';

/**
 * Every Redis key that the engine touches is built here.
 *
 * Data `<env>:<service>:<version>:<entity>:<id>`, lease `{<data key>}:lease`, control plane `sideboard:<env>:<service>:…`.
 * Each part is escaped, so no part can hold a separator, a brace (it would put the lease in another slot of a cluster),
 * a glob character (SCAN patterns stay literal) or a control byte. `%` leads an escape: `%3A`, `%uD83D` for a lone
 * surrogate or a C1 control, `%~` before the digest of an id that is too long to be carried whole.
 */

declare const keyBrand: unique symbol;
/** A data key, whole and escaped. */
export type CacheKey = string & { readonly [keyBrand]: 'data' };
/** Everything of a data key before the id: one entity under one version. */
export type CacheKeyPrefix = string & { readonly [keyBrand]: 'prefix' };
/** An id, escaped, and shortened where it must be. */
export type EscapedId = string & { readonly [keyBrand]: 'id' };

interface KeySpace {
  readonly env: string;
  readonly service: string;
}

/** An escaped id longer than this (UTF-16 units, at most three bytes each) is stored as a head and a digest. */
const ID_LENGTH_MAX = 512;
const ID_HEAD_LENGTH = 64;
const CONTROL_ROOT = 'sideboard';

/** Separators, braces, globs, control characters, line ends and, as the flag makes pairs one character, lone surrogates. */
const UNSAFE = /[\p{Cc}\p{Cs} %:{}*?[\]\\^\u2028\u2029]/gu;
const ESCAPES = /%(?:u([0-9A-F]{4})|([0-9A-F]{2}))/g;
/** Most ids: nothing to escape, and short enough. */
const PLAIN_ID = /^[\w.-]{1,512}$/;
const HASHED = /%~[A-Za-z0-9_-]{43}$/;

/** Any text as one part of a key. Injective: two texts never share a form. */
export function escapePart(text: string): string {
  return text.replace(UNSAFE, (found) => {
    const code = found.charCodeAt(0);
    return code < 0x80 ? `%${hex(code, 2)}` : `%u${hex(code, 4)}`;
  });
}

/** The inverse of `escapePart`; null for text that it never makes. */
export function unescapePart(part: string): string | null {
  const text = part.replace(ESCAPES, (_found, wide: string | undefined, narrow: string | undefined) =>
    String.fromCharCode(Number.parseInt(wide ?? narrow ?? '', 16)),
  );
  return escapePart(text) === part ? text : null;
}

/** An id as the last part of a data key. Past the bound: a readable head, then `%~` and the sha-256 of the whole. */
export function escapeId(id: string): EscapedId {
  if (PLAIN_ID.test(id)) return brand<EscapedId>(id);
  const escaped = escapePart(id);
  if (escaped.length <= ID_LENGTH_MAX) return brand<EscapedId>(escaped);
  const head = escapePart(Array.from(id.slice(0, ID_HEAD_LENGTH)).slice(0, -1).join('')).slice(0, ID_HEAD_LENGTH);
  const whole = head.replace(/%(u[0-9A-F]{0,3}|[0-9A-F]?)$/, '').replace(/[\ud800-\udbff]$/, '');
  return brand<EscapedId>(`${whole}%~${createHash('sha256').update(escaped).digest('base64url')}`);
}

/** True for an id that its key carries whole. */
export function escapesWhole(id: string): boolean {
  return id.length <= ID_LENGTH_MAX / 6 || escapePart(id).length <= ID_LENGTH_MAX;
}

/** The id part of a key whose id is a head and a digest, as `parseDataKey` gives it; throws for any other text. */
export function standingId(part: string): EscapedId {
  if (beginningOf(part) === null) throw new RangeError('is no head and digest of an id');
  return brand<EscapedId>(part);
}

/** How the id began whose head and digest this is; null for any other text. */
function beginningOf(part: string): string | null {
  return HASHED.test(part) ? unescapePart(part.replace(HASHED, '')) : null;
}

/** An id as it stands in its key. */
export interface StandingId {
  /** Whole; of a long one, its head and digest as they stand in the key. */
  id: string;
  /** True if `id` is a head and a digest. */
  idHashed: boolean;
  /** The id, or as much of its beginning as its key holds. */
  beginning: string;
}

/** Reads what `escapeId` made; null for text that it never makes. */
export function parseStandingId(part: string): StandingId | null {
  const beginning = beginningOf(part);
  if (beginning !== null) return { id: part, idHashed: true, beginning };
  const id = unescapePart(part);
  return id === null ? null : { id, idHashed: false, beginning: id };
}

/** A version's decimal revision as people see it, and as it stands in keys: base 36. */
export function showVersion(rev: string): string {
  return BigInt(rev).toString(36);
}

/** All of a data key that is known before the id. `ns` is the decimal namespace of the version record. */
export function dataKeyPrefix(ref: KeySpace, ns: string, entity: string): CacheKeyPrefix {
  return brand<CacheKeyPrefix>(`${escapePart(ref.env)}:${escapePart(ref.service)}:${showVersion(ns)}:${escapePart(entity)}:`);
}

/** In one piece: what `+` makes of two strings keeps both and another 32 bytes, for as long as a read waits. */
export function dataKeyOf(prefix: CacheKeyPrefix, id: EscapedId): CacheKey {
  return brand<CacheKey>([prefix, id].join(''));
}

export function dataKey(ref: KeySpace, ns: string, entity: string, id: string): CacheKey {
  return dataKeyOf(dataKeyPrefix(ref, ns, entity), escapeId(id));
}

/** In a cluster it lies in the slot of its data key. */
export function leaseKey(key: CacheKey): string {
  return `{${key}}:lease`;
}

export interface DataKeyParts {
  env: string;
  service: string;
  /** Decimal namespace. */
  version: string;
  entity: string;
  /** The id; of a long one, its head and digest as they stand in the key. */
  id: string;
  /** True if `id` is a head and a digest. */
  idHashed: boolean;
}

/** Null for every key that `dataKey` does not make. */
export function parseDataKey(key: string): DataKeyParts | null {
  const parts = key.split(':');
  if (parts.length !== 5) return null;
  const [env, service, version, entity, id] = parts;
  if (env === undefined || service === undefined || version === undefined || entity === undefined || id === undefined) return null;
  const ns = parseShownVersion(version);
  const texts = [unescapePart(env), unescapePart(service), unescapePart(entity)];
  const [envText, serviceText, entityText] = texts;
  const standing = parseStandingId(id);
  if (ns === null || !envText || !serviceText || !entityText || standing === null || envText === CONTROL_ROOT) return null;
  return { env: envText, service: serviceText, version: ns, entity: entityText, id: standing.id, idHashed: standing.idHashed };
}

/** A data key as it came from this parse or from Redis, trusted to be one: only after `parseDataKey` accepted it. */
export function asDataKey(key: string): CacheKey {
  return brand<CacheKey>(key);
}

/** SCAN's MATCH pattern for the data keys of a service. Texts are literal: an escaped part holds no glob character. */
export function dataKeyPattern(ref: KeySpace, filter: { entity?: string | undefined; idPrefix?: string | undefined } = {}): string {
  const root = `${escapePart(ref.env)}:${escapePart(ref.service)}:`;
  if (filter.entity === undefined) return filter.idPrefix === undefined ? `${root}*` : `${root}*:*:${escapePart(filter.idPrefix)}*`;
  return `${root}*:${escapePart(filter.entity)}:${escapePart(filter.idPrefix ?? '')}*`;
}

function controlRoot(ref: KeySpace): string {
  return `${CONTROL_ROOT}:${escapePart(ref.env)}:${escapePart(ref.service)}:`;
}

/** String: the version record of one entity. */
export function versionKey(ref: KeySpace, entity: string): string {
  return `${controlRoot(ref)}version:${escapePart(entity)}`;
}
/** Hash: address of a structure set -> its stamp, Redis us, a space, its JSON. */
export function structuresKey(ref: KeySpace, entity: string): string {
  return `${controlRoot(ref)}structures:${escapePart(entity)}`;
}
/** String: JSON PolicyDocument. */
export function policiesKey(ref: KeySpace): string {
  return `${controlRoot(ref)}policies`;
}
/** String: JSON FaultDocument. */
export function faultsKey(ref: KeySpace): string {
  return `${controlRoot(ref)}faults`;
}
/** Hash: instance id -> JSON InstanceRecord. */
export function instancesKey(ref: KeySpace): string {
  return `${controlRoot(ref)}instances`;
}
/** Stream: field `f` holds a JSON Frame. */
export function framesKey(ref: KeySpace): string {
  return `${controlRoot(ref)}frames`;
}
/** Channel: JSON ControlMessage. */
export function controlChannel(ref: KeySpace): string {
  return `${controlRoot(ref)}control`;
}
/** What stands before the instance id in the name of its inbox. */
export function inboxPrefix(ref: KeySpace): string {
  return `${controlRoot(ref)}inbox:`;
}
/** Channel: JSON (begins with `{`) is a control acknowledgement; `w` and a data key wakes a waiter. */
export function inboxChannel(ref: KeySpace, instance: string): string {
  return inboxPrefix(ref) + instance;
}
/** Channel: the answers to what one operator announced, whatever the service. */
export function operatorInboxChannel(operator: string): string {
  return `${CONTROL_ROOT}:operator:inbox:${operator}`;
}
/** Set: one member for each service that ever ran, see `serviceMember`. */
export function servicesKey(): string {
  return `${CONTROL_ROOT}:services`;
}
export function serviceMember(ref: KeySpace): string {
  return `${escapePart(ref.env)}:${escapePart(ref.service)}`;
}
export function parseServiceMember(member: string): { env: string; service: string } | null {
  const parts = member.split(':');
  const [env, service] = parts.map(unescapePart);
  return parts.length === 2 && env && service ? { env, service } : null;
}

/** Why a name cannot be an env, a service or an entity; null if it can. `sideboard` as an env would meet the control plane. */
export function problemOfName(part: 'env' | 'service' | 'entity', name: string): string | null {
  if (name === '') return 'must not be empty';
  if (name.length > 200) return 'is longer than 200 characters';
  if (name === '__proto__') return 'must not be "__proto__": no JSON document of the control plane could name it';
  if (part === 'env' && name === CONTROL_ROOT) return `must not be "${CONTROL_ROOT}": that root holds the control plane`;
  return null;
}

function parseShownVersion(shown: string): string | null {
  if (!/^[0-9a-z]{1,13}$/.test(shown)) return null;
  let value = 0n;
  for (const digit of shown) value = value * 36n + BigInt(Number.parseInt(digit, 36));
  return value.toString(36) === shown ? value.toString() : null;
}

function hex(code: number, digits: number): string {
  return code.toString(16).toUpperCase().padStart(digits, '0');
}

/** The one place where text becomes a branded key: its callers above have escaped every part. */
function brand<T extends string>(text: string): T {
  return text as T;
}
