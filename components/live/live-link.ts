import type { LiveMessage } from '../../server/contract/live.ts';
import type { LiveStore } from './live-store.ts';
import type { TabMessage } from './tab-message.ts';
import { watchedTabs } from './watched-tabs.ts';

const LOCK = 'sideboard-live';
const CHANNEL = 'sideboard-live';
const BEAT_MS = 10_000;
/** No tab is hidden for so short a time on purpose: switching tabs must not reopen the stream. */
const REST_AFTER_MS = 2_000;

interface StreamEvents {
  onMessage(message: LiveMessage): void;
  onConnecting(): void;
  onSignedOut(): void;
}
/** Opens the one subscription; the returned function closes it. It reconnects by itself. */
export type OpenStream = (events: StreamEvents) => () => void;

/**
 * One stream per browser. The tab that holds the lock subscribes and passes each message on to the others; when it goes, the lock
 * falls to the next. Browsers allow six HTTP/1.1 connections per origin over all tabs, so a stream per tab would stall the sixth.
 * Without Web Locks or BroadcastChannel (old browsers, insecure origins) each tab has its own stream and rests while it is hidden.
 */
export function openLiveLink(store: LiveStore, openStream: OpenStream): () => void {
  const tab = crypto.randomUUID();
  const watched = watchedTabs(Date.now);
  const shared = 'locks' in navigator && typeof BroadcastChannel === 'function';
  const channel = shared ? new BroadcastChannel(CHANNEL) : null;
  const ended = new AbortController();
  let leading = false;
  let closeStream: (() => void) | null = null;
  let restTimer: ReturnType<typeof setTimeout> | undefined;

  const say = (message: TabMessage) => channel?.postMessage(message);
  const isVisible = () => document.visibilityState === 'visible';

  const open = () => {
    store.setStatus('connecting');
    closeStream = openStream({
      onMessage(message) {
        store.accept(message);
        say({ kind: 'live', message });
      },
      onConnecting() {
        store.setStatus('connecting');
        say({ kind: 'status', status: 'connecting' });
      },
      onSignedOut() {
        store.setStatus('signed-out');
        say({ kind: 'status', status: 'signed-out' });
      },
    });
  };
  const rest = () => {
    closeStream?.();
    closeStream = null;
    store.setStatus('paused');
    say({ kind: 'status', status: 'paused' });
  };
  /** The leader's stream is open exactly while somebody looks. */
  const settle = () => {
    if (!leading || ended.signal.aborted) return;
    clearTimeout(restTimer);
    if (watched.any()) {
      if (closeStream === null) open();
    } else if (closeStream !== null) {
      restTimer = setTimeout(() => {
        if (!watched.any()) rest();
      }, REST_AFTER_MS);
    }
  };
  const announce = (visible: boolean) => {
    watched.saw(tab, visible);
    say({ kind: 'seen', tab, visible });
    if (visible && !leading) say({ kind: 'want' });
    settle();
  };
  const lead = () => {
    leading = true;
    watched.saw(tab, isVisible());
    say({ kind: 'roll-call' });
    settle();
  };

  if (channel !== null) {
    channel.onmessage = ({ data }: MessageEvent<TabMessage>) => {
      switch (data.kind) {
        case 'live':
          if (!leading) store.accept(data.message);
          return;
        case 'status':
          if (!leading) store.setStatus(data.status);
          return;
        case 'seen':
          watched.saw(data.tab, data.visible);
          settle();
          return;
        case 'roll-call':
          say({ kind: 'seen', tab, visible: isVisible() });
          return;
        case 'want': {
          const { state, points, windowSeconds } = store.get();
          if (leading && state !== null) say({ kind: 'live', message: { type: 'snapshot', state, points: [...points], windowSeconds } });
        }
      }
    };
  }

  const onVisibility = () => announce(isVisible());
  const onLeave = () => announce(false);
  document.addEventListener('visibilitychange', onVisibility);
  window.addEventListener('pageshow', onVisibility);
  window.addEventListener('pagehide', onLeave);
  const beat = setInterval(() => {
    if (isVisible()) {
      watched.saw(tab, true);
      say({ kind: 'seen', tab, visible: true });
    }
    settle();
  }, BEAT_MS);

  if (shared) {
    navigator.locks
      .request(LOCK, { signal: ended.signal }, () => {
        lead();
        return new Promise<void>((resolve) => ended.signal.addEventListener('abort', () => resolve(), { once: true }));
      })
      // The only rejection is our own abort while still queued: there is nothing to tell anybody.
      .catch(() => undefined);
  } else {
    lead();
  }
  announce(isVisible());

  return () => {
    announce(false);
    clearTimeout(restTimer);
    clearInterval(beat);
    ended.abort();
    closeStream?.();
    closeStream = null;
    document.removeEventListener('visibilitychange', onVisibility);
    window.removeEventListener('pageshow', onVisibility);
    window.removeEventListener('pagehide', onLeave);
    channel?.close();
  };
}
