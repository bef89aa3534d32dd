import type { LiveMessage, LivePoint, LiveState } from '../contract/live.ts';
import { ControlError } from '../control/control-error.ts';
import type { LiveFeed } from '../control/deps.ts';
import { WINDOW_SECONDS } from './point-window.ts';

const READERS_MAX = 200;
/** A session that ended, or a role that changed, is felt by an open stream within this. */
const RECHECK_MS = 5_000;

interface Reader {
  /** Points not yet taken, by second: a slow reader gets the newest of each, never a queue. */
  points: Map<number, LivePoint>;
  state: LiveState | null;
  wake: () => void;
}

/** One source, any number of readers. Each gets a snapshot, then what changed. */
export interface LiveFeedSource extends LiveFeed {
  publish(state: LiveState, changed: readonly LivePoint[]): void;
  /** Ends every reader. */
  close(): void;
}

interface Sources {
  snapshot: () => { state: LiveState; points: LivePoint[] };
  now: () => number;
}

export function createLiveFeed({ snapshot, now }: Sources): LiveFeedSource {
  const readers = new Set<Reader>();
  let closed = false;

  async function* subscribe({ signal, stillAllowed }: Parameters<LiveFeed['subscribe']>[0]): AsyncGenerator<LiveMessage, void, undefined> {
    if (closed) return;
    if (readers.size >= READERS_MAX) throw new ControlError('FORBIDDEN', 'Too many open streams. Close a tab.');
    const reader: Reader = { points: new Map(), state: null, wake: () => undefined };
    const wake = () => reader.wake();
    readers.add(reader);
    signal.addEventListener('abort', wake);
    try {
      let checkedAt = now();
      yield { type: 'snapshot', ...snapshot(), windowSeconds: WINDOW_SECONDS };
      while (!closed && !signal.aborted) {
        if (reader.state === null) await new Promise<void>((resolve) => (reader.wake = resolve));
        if (closed || signal.aborted) return;
        if (now() - checkedAt >= RECHECK_MS) {
          if (!(await stillAllowed())) throw new ControlError('UNAUTHENTICATED', 'The session ended. Sign in again.');
          checkedAt = now();
        }
        const { state } = reader;
        if (state === null) continue;
        const points = [...reader.points.values()].sort((a, b) => a.t - b.t);
        reader.state = null;
        reader.points.clear();
        yield { type: 'tick', state, points };
      }
    } finally {
      signal.removeEventListener('abort', wake);
      readers.delete(reader);
    }
  }

  return {
    subscribe,
    publish(state, changed) {
      for (const reader of readers) {
        reader.state = state;
        for (const point of changed) reader.points.set(point.t, point);
        for (const t of reader.points.keys()) if (reader.points.size > WINDOW_SECONDS) reader.points.delete(t);
        reader.wake();
      }
    },
    close() {
      closed = true;
      for (const reader of readers) reader.wake();
    },
  };
}
