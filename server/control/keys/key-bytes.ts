import { parseDataKey } from 'sideboard-engine';
import { ControlError } from '../control-error.ts';

export function encodeKey(key: Buffer): string {
  return key.toString('base64url');
}

/** The bytes of a key that the engine made. Every other key of this Redis is none of the console's business: BAD_INPUT. */
export function decodeKey(encoded: string): Buffer {
  const key = Buffer.from(encoded, 'base64url');
  if (key.toString('base64url') !== encoded || parseDataKey(key.toString('utf8')) === null) {
    throw new ControlError('BAD_INPUT', 'key: is not an entry of the cache', { field: 'key' });
  }
  return key;
}
