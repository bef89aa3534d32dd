'use client';
import { useSyncExternalStore } from 'react';
import { isSilent } from './is-silent.ts';
import { useLiveStore } from './live-context.tsx';
import type { LiveSnapshot } from './live-store.ts';

const STEP_MS = 500;

/** One timer for all who ask, while anybody does. */
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function everyStep(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    for (const tell of listeners) tell();
  }, STEP_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The server's clock, carried on by this browser's (`browserNowMs`); ms since 1970. Null before the first message. */
export function serverNow({ state, receivedAtMs }: LiveSnapshot, browserNowMs: number): number | null {
  return state === null ? null : state.nowMs + browserNowMs - receivedAtMs;
}

/** What `select` makes of the server's clock, asked each half second: it renders again only when that is another thing. Null on the server. */
export function useByServerClock<T>(select: (nowMs: number | null) => T | null): T | null {
  const store = useLiveStore();
  return useSyncExternalStore(
    everyStep,
    () => select(serverNow(store.get(), Date.now())),
    () => null,
  );
}

/** The server's clock in steps of half a second. Null on the server and before the first message. */
export const useServerNow = (): number | null =>
  useByServerClock((nowMs) => (nowMs === null ? null : Math.floor(nowMs / STEP_MS) * STEP_MS));

/** `isSilent`, asked each half second. */
export function useSilence(): boolean {
  const store = useLiveStore();
  return useSyncExternalStore(
    everyStep,
    () => isSilent(store.get(), Date.now()),
    () => false,
  );
}

/** How long ago the last message came, in whole seconds; null before the first. */
export function useAgeSeconds(): number | null {
  const store = useLiveStore();
  return useSyncExternalStore(
    everyStep,
    () => {
      const { state, receivedAtMs } = store.get();
      return state === null ? null : Math.max(0, Math.floor((Date.now() - receivedAtMs) / 1_000));
    },
    () => null,
  );
}
