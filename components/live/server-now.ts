'use client';
import { useSyncExternalStore } from 'react';
import { useLiveStore } from './live-context.tsx';

const STEP_MS = 500;

function everyStep(listener: () => void): () => void {
  const timer = setInterval(listener, STEP_MS);
  return () => clearInterval(timer);
}

/** The server's clock, carried on by this browser's; ms since 1970 in steps of half a second. Null on the server and before the first message. */
export function useServerNow(): number | null {
  const store = useLiveStore();
  return useSyncExternalStore(
    everyStep,
    () => {
      const { state, receivedAtMs } = store.get();
      if (state === null) return null;
      return Math.floor((state.nowMs + Date.now() - receivedAtMs) / STEP_MS) * STEP_MS;
    },
    () => null,
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
