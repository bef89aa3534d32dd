import { createHash } from 'node:crypto';

/** Lists of keys: the shapes of an entity's objects, numbered by their place. What an entry's records point into. */
export type Structures = readonly (readonly string[])[];

/**
 * A set of structures under the digest of its own content: who has the address has the right set, or none. Two processes
 * that know the same shapes make the same set.
 */
export interface StructureSet {
  /** 16 of [0-9a-f]. */
  readonly address: string;
  readonly structures: Structures;
}

/** msgpackr's one-byte record ids reach this far. */
export const STRUCTURES_MAX = 32;
/** An object with more keys is a table, not a shape. */
export const KEYS_MAX = 64;
/** Of one shape, as JSON. */
export const SHAPE_LENGTH_MAX = 1_000;
const SET_LENGTH_MAX: number = STRUCTURES_MAX * (SHAPE_LENGTH_MAX + 1) + 1;
export const ADDRESS_BYTES = 8;

export const EMPTY_SET: StructureSet = { address: '0'.repeat(2 * ADDRESS_BYTES), structures: [] };

/** `set` and what it lacks, as far as there is room; `set` itself if nothing is added. The new ones are sorted, so that processes that learn the same come to the same set. */
export function extendSet(set: StructureSet, shapes: Structures): StructureSet {
  const known = new Set(set.structures.map((keys) => JSON.stringify(keys)));
  const added = [...new Set(shapes.map((keys) => JSON.stringify(keys)))].filter((keys) => !known.has(keys)).sort();
  const structures = [...set.structures];
  for (const keys of added) {
    if (structures.length >= STRUCTURES_MAX) break;
    structures.push(parseKeys(keys));
  }
  return structures.length === set.structures.length ? set : { address: addressOf(structures), structures };
}

/** The text that stands in Redis under the set's address. */
export function writeStructures(structures: Structures): string {
  return JSON.stringify(structures);
}

/** Null for text that is not the set of this address, whatever it is. */
export function readStructures(address: string, text: string): StructureSet | null {
  if (text.length > SET_LENGTH_MAX) return null;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isStructures(parsed) || addressOf(parsed) !== address) return null;
  return { address, structures: parsed };
}

function addressOf(structures: Structures): string {
  return createHash('sha256')
    .update(writeStructures(structures))
    .digest('hex')
    .slice(0, 2 * ADDRESS_BYTES);
}

function isStructures(value: unknown): value is string[][] {
  if (!Array.isArray(value) || value.length === 0 || value.length > STRUCTURES_MAX) return false;
  return value.every((keys) => Array.isArray(keys) && keys.length <= KEYS_MAX && keys.every((key) => typeof key === 'string'));
}

function parseKeys(text: string): string[] {
  const keys: unknown = JSON.parse(text);
  return Array.isArray(keys) ? keys.map(String) : [];
}
