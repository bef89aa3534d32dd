import { SerializationError } from '../errors.ts';
import { DEPTH_MAX } from './codec.ts';

/**
 * What a codec cannot give back as it was is refused when it is stored, by its place. The alternative, which is what
 * JSON.stringify does, is a Date on a miss and a text on a hit.
 */

export type ValueForm = 'json' | 'msgpack';

/** Told of the keys of each plain object on the way. */
export type ShapeListener = (keys: readonly string[]) => void;

/** Of a place, as an error names it: one that is nested too deep, or in a cycle, would be thousands of steps. */
const PLACE_LENGTH_MAX = 120;
const INT64_MIN = -(2n ** 63n);
const UINT64_MAX = 2n ** 64n - 1n;

interface Problem {
  readonly what: string;
  /** From the inside out. */
  readonly path: string[];
}

/** Throws `SerializationError` with the place of the first part of `value` that the form cannot carry. */
export function checkValue(value: unknown, form: ValueForm, onShape: ShapeListener | null = null): void {
  const found = value === undefined ? problem('undefined') : visit(value, form, onShape, 0);
  if (found === null) return;
  throw new SerializationError(`${placeOf(found)} is ${found.what}, which codec "${form}" does not carry`);
}

function placeOf({ path }: Problem): string {
  if (path.length === 0) return 'the value';
  const whole = `$${path.toReversed().join('')}`;
  return whole.length > PLACE_LENGTH_MAX ? `${whole.slice(0, PLACE_LENGTH_MAX)}…` : whole;
}

function visit(value: unknown, form: ValueForm, onShape: ShapeListener | null, depth: number): Problem | null {
  switch (typeof value) {
    case 'boolean':
      return null;
    case 'string':
      // MessagePack carries UTF-8, which has no form for half a pair.
      return form === 'json' || value.isWellFormed() ? null : problem('text with a lone surrogate');
    case 'undefined':
      return form === 'msgpack' ? null : problem('undefined');
    case 'number':
      return form === 'msgpack' || Number.isFinite(value) ? null : problem(`${value}`);
    case 'bigint':
      if (form === 'msgpack' && value >= INT64_MIN && value <= UINT64_MAX) return null;
      return problem(form === 'json' ? 'a BigInt' : 'a BigInt of more than 64 bits');
    case 'function':
    case 'symbol':
      return problem(`a ${typeof value}`);
    case 'object':
      if (value === null) return null;
      if (depth >= DEPTH_MAX) return problem(`nested deeper than ${DEPTH_MAX} levels, or in a cycle`);
      return visitObject(value, form, onShape, depth + 1);
  }
}

function visitObject(value: object, form: ValueForm, onShape: ShapeListener | null, depth: number): Problem | null {
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const found = visit(value[index], form, onShape, depth);
      if (found !== null) return under(found, `[${index}]`);
    }
    return null;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    return form === 'msgpack' ? visitRich(value, onShape, depth) : problem(describe(value));
  }
  const keys = Object.keys(value);
  onShape?.(keys);
  for (const key of keys) {
    const part = propertyOf(value, key);
    // As in JSON, a property that is undefined is one that is not there.
    if (part === undefined) continue;
    if (form === 'msgpack' && (key === '__proto__' || !key.isWellFormed())) return under(problem('a key'), `[${JSON.stringify(key)}]`);
    const found = visit(part, form, onShape, depth);
    if (found !== null) return under(found, `.${key}`);
  }
  return null;
}

/** What MessagePack carries beyond JSON. */
function visitRich(value: object, onShape: ShapeListener | null, depth: number): Problem | null {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? problem('an invalid Date') : null;
  if (Buffer.isBuffer(value) || Object.getPrototypeOf(value) === Uint8Array.prototype) return null;
  if (!(value instanceof Map)) return problem(describe(value));
  for (const [key, part] of value) {
    if (typeof key === 'object' || typeof key === 'undefined') return under(problem('not text or a number'), '.<key of a Map>');
    const found = visit(key, 'msgpack', null, depth) ?? visit(part, 'msgpack', onShape, depth);
    if (found !== null) return under(found, '.<Map>');
  }
  return null;
}

function describe(value: object): string {
  const name: unknown = value.constructor?.name;
  return typeof name === 'string' && name !== '' ? `an instance of ${name}` : 'an object of a class';
}

function problem(what: string): Problem {
  return { what, path: [] };
}

function under(found: Problem, step: string): Problem {
  found.path.push(step);
  return found;
}

/** Own enumerable keys alone are asked for, so nothing of the prototype answers. */
function propertyOf(value: object, key: string): unknown {
  return (value as Record<string, unknown>)[key];
}

/** True while nothing of a decoded value lies deeper than `DEPTH_MAX`. */
export function isShallow(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth >= DEPTH_MAX) return false;
  const parts = value instanceof Map ? value.values() : ArrayBuffer.isView(value) ? [] : Object.values(value);
  for (const part of parts) if (!isShallow(part, depth + 1)) return false;
  return true;
}
