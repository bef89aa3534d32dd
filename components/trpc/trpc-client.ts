import { createTRPCClient, httpBatchLink, httpLink, httpSubscriptionLink, splitLink, type TRPCClient } from '@trpc/client';
import type { AppRouter } from '../../server/trpc/router.ts';

const PATH = '/api/trpc';

/** For a query that may take a second: what is asked in the same moment must not wait for its answer. */
export const alone: { context: { alone: boolean } } = { context: { alone: true } };

/** Requests go as POST, so that names and keys stay out of addresses and logs; the one subscription is a stream of server-sent events. */
export function createClient(): TRPCClient<AppRouter> {
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: (operation) => operation.type === 'subscription',
        true: httpSubscriptionLink({ url: PATH }),
        false: splitLink({
          condition: (operation) => operation.context['alone'] === true,
          true: httpLink({ url: PATH, methodOverride: 'POST' }),
          false: httpBatchLink({ url: PATH, methodOverride: 'POST' }),
        }),
      }),
    ],
  });
}
