import { isShallow } from './check-value.ts';
import { DEPTH_MAX } from './codec.ts';

/** `checkValue` has accepted it, so there is a text. */
export function encodeJson(value: unknown): { bytes: Buffer; ascii: boolean } {
  const text = JSON.stringify(value);
  const bytes = Buffer.from(text);
  return { bytes, ascii: bytes.length === text.length };
}

/** Throws for bytes that are no JSON, or nest too deep. */
export function decodeJson(bytes: Buffer, offset: number, ascii: boolean): unknown {
  const value: unknown = JSON.parse(bytes.toString(ascii ? 'latin1' : 'utf8', offset));
  // A level takes two bytes, so that most payloads cannot nest too deep and cost no walk.
  if (bytes.length - offset >= 2 * DEPTH_MAX && !isShallow(value)) throw new RangeError('nested too deep');
  return value;
}
