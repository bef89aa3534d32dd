import { ID_FILTER_CHARS_MAX } from '../../server/contract/keys.ts';
import { ID_CHARS_MAX } from '../../server/contract/service-ref.ts';
import { formatCount } from '../../server/contract/units.ts';

/**
 * Why this text cannot be looked for, and what to do; null if it can. With an entity it is looked up as a whole id; without one, or
 * beside that, keys are listed that begin with it, as far as an address holds it.
 */
export function problemOfSought(text: string, entity: string | undefined): string | null {
  if (text.length > ID_CHARS_MAX)
    return `longer than ${formatCount(ID_CHARS_MAX)} characters, so it cannot be looked up: give how it begins`;
  if (fitsAddress(text) || entity !== undefined) return null;
  return `longer than ${formatCount(ID_FILTER_CHARS_MAX)} characters: choose its entity to look it up, or give how it begins`;
}

/** A longer one is looked up, and not kept in the page's address. */
export const fitsAddress = (text: string): boolean => text.length <= ID_FILTER_CHARS_MAX;
