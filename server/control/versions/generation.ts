import type { VersionView } from 'sideboard-engine';
import type { Generation } from '../../contract/keys.ts';

/** Which generation of its entity a key's version is; versions are decimal strings. */
export function generationOf(version: string, record: VersionView | null | undefined): Generation {
  if (version === record?.ns) return 'current';
  return version === record?.prev ? 'previous' : 'old';
}
