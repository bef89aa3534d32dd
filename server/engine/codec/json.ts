import { isShallow } from './check-value.ts';
import { DEPTH_MAX } from './codec.ts';

/** `checkValue` has accepted it, so there is a text. */
export function encodeJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** Throws for bytes that are no JSON, or nest too deep. */
export function decodeJson(bytes: Buffer, offset: number): unknown {
  const value: unknown = JSON.parse(bytes.toString('utf8', offset));
  // A level takes two bytes, so that most payloads cannot nest too deep and cost no walk.
  if (bytes.length - offset >= 2 * DEPTH_MAX && !isShallow(value)) throw new RangeError('nested too deep');
  return value;
}
