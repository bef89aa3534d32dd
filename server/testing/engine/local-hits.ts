import { expect, vi } from 'vitest';
import type { TracedCache } from './open-caches.ts';

/** Where an outcome is late only because something is broken. */
export const soon = { timeout: 10_000, interval: 10 };

/** Reads so far that were answered by the process itself. */
export function localHits({ events }: TracedCache): number {
  return events.filter((event) => event.type === 'read' && event.tier === 'l1').length;
}

/** Reads the key; true if the process answered by itself. */
export async function isLocal(traced: TracedCache, id: string): Promise<boolean> {
  const before = localHits(traced);
  await traced.cache.get('product', id);
  return localHits(traced) > before;
}

/** Waits until the process serves the key by itself. */
export async function served(traced: TracedCache, id = '1'): Promise<void> {
  await vi.waitFor(async () => expect(await isLocal(traced, id)).toBe(true), soon);
}
