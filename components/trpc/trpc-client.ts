import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink, type TRPCClient } from '@trpc/client';
import type { AppRouter } from '../../server/trpc/router.ts';

const PATH = '/api/trpc';

/** Requests go as POST, so that names and keys stay out of addresses and logs; the one subscription is a stream of server-sent events. */
export function createClient(): TRPCClient<AppRouter> {
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: (operation) => operation.type === 'subscription',
        true: httpSubscriptionLink({ url: PATH }),
        false: httpBatchLink({ url: PATH, methodOverride: 'POST' }),
      }),
    ],
  });
}
