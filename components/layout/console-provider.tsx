'use client';
import { QueryClientProvider } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';
import { hrefs } from '../../server/contract/hrefs.ts';
import type { SessionView } from '../../server/contract/session.ts';
import { LiveContext } from '../live/live-context.tsx';
import { openLiveLink } from '../live/live-link.ts';
import { createLiveStore } from '../live/live-store.ts';
import { streamOpener } from '../trpc/open-stream.ts';
import { createQueryClient } from '../trpc/query-client.ts';
import { SessionContext } from '../trpc/session-context.tsx';
import { createClient } from '../trpc/trpc-client.ts';
import { TRPCProvider } from '../trpc/trpc-context.ts';

/** A page load, so that nothing of the lost session stays in memory. */
function toSignIn(): void {
  const here = `${window.location.pathname}${window.location.search}`;
  window.location.assign(hrefs.signIn(here));
}

/** What every signed-in page shares: the session, the way to the server, and the one live stream. */
export function ConsoleProvider({ session, children }: { session: SessionView; children: ReactNode }) {
  const [queryClient] = useState(() => createQueryClient(toSignIn));
  const [client] = useState(createClient);
  const [store] = useState(() => createLiveStore(Date.now));
  useEffect(() => {
    const close = openLiveLink(store, streamOpener(client));
    const unsubscribe = store.subscribe(() => {
      if (store.get().status === 'signed-out') toSignIn();
    });
    return () => {
      unsubscribe();
      close();
    };
  }, [store, client]);
  return (
    <SessionContext value={session}>
      <QueryClientProvider client={queryClient}>
        <TRPCProvider trpcClient={client} queryClient={queryClient}>
          <LiveContext value={store}>{children}</LiveContext>
        </TRPCProvider>
      </QueryClientProvider>
    </SessionContext>
  );
}
