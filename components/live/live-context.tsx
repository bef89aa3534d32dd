'use client';
import { createContext, useContext, useSyncExternalStore } from 'react';
import type { LiveState } from '../../server/contract/live.ts';
import { emptySnapshot, type LiveSnapshot, type LiveStore } from './live-store.ts';

export const LiveContext = createContext<LiveStore | null>(null);

export function useLiveStore(): LiveStore {
  const store = useContext(LiveContext);
  if (store === null) throw new Error('useLive is used outside of <LiveProvider>');
  return store;
}

/** Renders again only when what `select` returns is another thing (`Object.is`): select parts of the snapshot, never build new ones. */
export function useLive<T>(select: (snapshot: LiveSnapshot) => T): T {
  const store = useLiveStore();
  return useSyncExternalStore(
    store.subscribe,
    () => select(store.get()),
    () => select(emptySnapshot),
  );
}

export function useLiveState<T>(select: (state: LiveState) => T): T | null {
  return useLive((snapshot) => (snapshot.state === null ? null : select(snapshot.state)));
}
