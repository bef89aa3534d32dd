import { randomInt } from 'node:crypto';
import { INSTANCE_LENGTH, TOKEN_LENGTH } from './scripts.ts';

const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz';

/** 16 of [0-9a-z]: 82 bits, so that two instances never share one. */
export function createInstanceId(): string {
  return Array.from({ length: INSTANCE_LENGTH }, () => DIGITS[randomInt(DIGITS.length)]).join('');
}

/** Lease tokens of one instance: the kind, the instance, a counter. */
export function tokenSource(instance: string): (kind: 'L' | 'W') => string {
  let counter = 0;
  return (kind) => {
    counter += 1;
    return kind + instance + counter.toString(36).padStart(TOKEN_LENGTH - 1 - INSTANCE_LENGTH, '0');
  };
}
