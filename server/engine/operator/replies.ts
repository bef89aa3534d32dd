import { textOf } from '../ask-redis.ts';

/** A number reply; 0 for what is none. */
export function numberOf(reply: unknown): number {
  const value = typeof reply === 'number' ? reply : Number(textOf(reply));
  return Number.isFinite(value) ? value : 0;
}

export function listOf(reply: unknown): readonly unknown[] {
  return Array.isArray(reply) ? reply : [];
}
