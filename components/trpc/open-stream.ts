import type { TRPCClient } from '@trpc/client';
import type { AppRouter } from '../../server/trpc/router.ts';
import type { OpenStream } from '../live/live-link.ts';
import { controlErrorOf } from './control-error-of.ts';

const RETRY_MS_MIN = 500;
const RETRY_MS_MAX = 10_000;

/** The subscription behind the live store. A stream that ends is opened again, each time a little later, until one message came. */
export function streamOpener(client: TRPCClient<AppRouter>): OpenStream {
  return (events) => {
    let closed = false;
    let waitMs = RETRY_MS_MIN;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let subscription: { unsubscribe(): void } | null = null;

    const again = () => {
      if (closed) return;
      subscription?.unsubscribe();
      subscription = null;
      clearTimeout(timer);
      timer = setTimeout(open, waitMs);
      waitMs = Math.min(waitMs * 2, RETRY_MS_MAX);
      events.onConnecting();
    };
    /** An event stream that is refused does not say why: one plain request tells a lost session from a server that is away. */
    const askWhy = async () => {
      try {
        await client.session.me.query();
      } catch (error) {
        if (controlErrorOf(error)?.code === 'UNAUTHENTICATED') {
          closed = true;
          subscription?.unsubscribe();
          events.onSignedOut();
          return;
        }
        // Any other failure is the same outage: it is waited out below.
      }
      again();
    };
    const open = () => {
      subscription = client.live.stream.subscribe(undefined, {
        onData(message) {
          waitMs = RETRY_MS_MIN;
          events.onMessage(message);
        },
        onError: () => void askWhy(),
        onComplete: again,
        onConnectionStateChange({ state, error }) {
          if (state !== 'connecting') return;
          events.onConnecting();
          if (error !== null && error !== undefined) void askWhy();
        },
      });
    };
    open();
    return () => {
      closed = true;
      clearTimeout(timer);
      subscription?.unsubscribe();
    };
  };
}
