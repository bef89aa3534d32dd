import type { Clock } from '../clock.ts';
import type { SubscriberHub } from '../redis/subscriber-hub.ts';

/** Resolves when the hub's channels are subscribed, or after `withinMs`. What is announced before that is not heard. */
export function awaitLive(hub: SubscriberHub, withinMs: number, clock: Clock): Promise<void> {
  if (hub.live) return Promise.resolve();
  return new Promise((resolve) => {
    const settle = (): void => {
      stopListening();
      cancel();
      resolve();
    };
    const stopListening = hub.onLive(settle);
    const cancel = clock.after(withinMs, settle);
  });
}
