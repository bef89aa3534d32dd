import type { Redis } from 'ioredis';
import type { Clock } from '../clock.ts';

/** Channels of one connection, each with its listeners. */
export interface SubscriberHub {
  /** Payloads that come while the link stands; what is published while it is down is lost, so callers keep a timer too. Returns the way to stop. */
  subscribe(channel: string, listener: (payload: string) => void): () => void;
  /** True while all channels are subscribed on a live link. */
  readonly live: boolean;
  /** Called after each (re)subscription: something may have been missed before it. */
  onLive(listener: () => void): () => void;
  close(): void;
}

const PING_EVERY_MS = 1_000;

/** Owns `client` from now on. It subscribes again in its own `ready` handler: ioredis' way leaves a rejection unhandled when that fails. */
export function createSubscriberHub(client: Redis, clock: Clock, onListenerError: (error: unknown) => void): SubscriberHub {
  const listeners = new Map<string, Set<(payload: string) => void>>();
  const liveListeners = new Set<() => void>();
  let live = false;
  let closed = false;
  let cancelPing = () => {};

  const restart = () => {
    live = false;
    if (!closed) client.disconnect(true);
  };
  const subscribeAll = async () => {
    const channels = [...listeners.keys()];
    if (channels.length > 0) await client.subscribe(...channels);
    if (client.status !== 'ready') return;
    live = true;
    for (const listener of liveListeners) call(listener);
  };
  const call = (listener: () => void) => {
    try {
      listener();
    } catch (error) {
      onListenerError(error);
    }
  };
  const schedulePing = () => {
    cancelPing = clock.after(PING_EVERY_MS, () => {
      // A ping that nobody answers shows that the link is half open, and ends it; a failure shows as `close`.
      if (client.status === 'ready') client.ping().catch(restart);
      schedulePing();
    });
  };

  client.on('ready', () => {
    subscribeAll().catch(restart);
  });
  client.on('close', () => {
    live = false;
  });
  client.on('message', (channel: string, payload: string) => {
    for (const listener of listeners.get(channel) ?? []) call(() => listener(payload));
  });
  if (client.status === 'ready') subscribeAll().catch(restart);
  schedulePing();

  return {
    get live() {
      return live;
    },
    onLive(listener) {
      liveListeners.add(listener);
      return () => {
        liveListeners.delete(listener);
      };
    },
    subscribe(channel, listener) {
      let set = listeners.get(channel);
      if (set === undefined) {
        set = new Set();
        listeners.set(channel, set);
        if (client.status === 'ready') client.subscribe(channel).catch(restart);
      }
      const known = set;
      known.add(listener);
      return () => {
        known.delete(listener);
        if (known.size > 0 || listeners.get(channel) !== known) return;
        listeners.delete(channel);
        // A channel without listeners does no harm; on failure the next connection leaves it out.
        if (client.status === 'ready') client.unsubscribe(channel).catch(restart);
      };
    },
    close() {
      closed = true;
      live = false;
      cancelPing();
      listeners.clear();
      liveListeners.clear();
      client.disconnect();
    },
  };
}
