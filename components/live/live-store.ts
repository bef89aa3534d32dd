import { replaceEqualDeep } from '@tanstack/react-query';
import type { LiveMessage, LivePoint, LiveState } from '../../server/contract/live.ts';
import { upsertPoints } from './upsert-points.ts';

/** How this tab gets its seconds. `following`: another tab holds the stream. */
export type StreamStatus = 'connecting' | 'open' | 'waiting' | 'paused' | 'signed-out';

export interface LiveSnapshot {
  /** Null until the first snapshot came. */
  state: LiveState | null;
  /** Ascending by `t`, at most `windowSeconds` long. */
  points: readonly LivePoint[];
  /** What the charts draw: `points`, or those of the moment in which the operator paused. Banners and state never pause. */
  shown: readonly LivePoint[];
  windowSeconds: number;
  paused: boolean;
  status: StreamStatus;
  /** This browser's clock when the status became what it is. */
  statusSinceMs: number;
  /** This browser's clock (ms since 1970) when `state` came, so that the server's clock can be carried on. */
  receivedAtMs: number;
}

export const emptySnapshot: LiveSnapshot = {
  state: null,
  points: [],
  shown: [],
  windowSeconds: 300,
  paused: false,
  status: 'connecting',
  statusSinceMs: 0,
  receivedAtMs: 0,
};

/** The one place in a tab that holds live data. Reading is by selector (`useLive`), so that a tick renders only what it changed. */
export interface LiveStore {
  get(): LiveSnapshot;
  subscribe(listener: () => void): () => void;
  accept(message: LiveMessage): void;
  setStatus(status: StreamStatus): void;
  setPaused(paused: boolean): void;
}

export function createLiveStore(now: () => number): LiveStore {
  let snapshot: LiveSnapshot = { ...emptySnapshot, statusSinceMs: now() };
  const listeners = new Set<() => void>();
  const put = (next: LiveSnapshot) => {
    snapshot = next;
    for (const listener of listeners) listener();
  };
  return {
    get: () => snapshot,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    accept(message) {
      const windowSeconds = message.type === 'snapshot' ? message.windowSeconds : snapshot.windowSeconds;
      const points = upsertPoints(message.type === 'snapshot' ? [] : snapshot.points, message.points, windowSeconds);
      put({
        ...snapshot,
        // Equal parts keep their identity: a selector on `experiments` sees no change in a tick that brought none.
        state: replaceEqualDeep(snapshot.state, message.state),
        points,
        shown: snapshot.paused ? snapshot.shown : points,
        windowSeconds,
        status: 'open',
        statusSinceMs: snapshot.status === 'open' ? snapshot.statusSinceMs : now(),
        receivedAtMs: now(),
      });
    },
    setStatus(status) {
      if (status !== snapshot.status) put({ ...snapshot, status, statusSinceMs: now() });
    },
    setPaused(paused) {
      put({ ...snapshot, paused, shown: snapshot.points });
    },
  };
}
