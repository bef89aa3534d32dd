import * as z from 'zod/mini';
import { formatCount } from './units.ts';

/** Of an id that the console names: instances are asked about none that is longer. The engine caches those too, by their digest. */
export const ID_CHARS_MAX = 16_384;

/** An id. Any text is legal: its length is bounded, not its letters. */
export const idText = z
  .string()
  .check(z.minLength(1, 'must not be empty'), z.maxLength(ID_CHARS_MAX, `is longer than ${formatCount(ID_CHARS_MAX)} characters`));

/** A name that people choose for an env, a service or an entity. The engine refuses the same ones. */
export const name = z.string().check(
  z.minLength(1, 'must not be empty'),
  z.maxLength(200, 'is longer than 200 characters'),
  z.refine((text) => text !== '__proto__', 'must not be "__proto__": no document could name it'),
);
/** The root `sideboard` holds the control plane. */
export const envName = name.check(z.refine((text) => text !== 'sideboard', 'must not be "sideboard"'));

/** Whose key space is meant: `{ env: 'demo', service: 'shop' }`. */
export const serviceRef = z.strictObject({ env: envName, service: name });
export type ServiceRef = z.infer<typeof serviceRef>;

/** One entity of one service. */
export interface EntityRef extends ServiceRef {
  entity: string;
}

/** Chosen by the browser for each intended change, so that a double click or a retry does it once. */
export const idempotencyKey = z.string().check(z.regex(/^[A-Za-z0-9_-]{16,64}$/, 'must be 16 to 64 letters, digits, _ or -'));
