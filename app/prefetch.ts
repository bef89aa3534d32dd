import 'server-only';
import { type DehydratedState, dehydrate, QueryClient, type QueryKey } from '@tanstack/react-query';
import { createTRPCOptionsProxy } from '@trpc/tanstack-react-query';
import { createClient } from '../components/trpc/trpc-client.ts';
import { type ServiceRef, serviceRef } from '../server/contract/service-ref.ts';
import { serverCaller } from '../server/trpc/caller.ts';
import type { AppRouter } from '../server/trpc/router.ts';
import type { SearchParams } from './require-session.ts';

/** A page does not wait longer than this for its first data: the browser asks again by itself. */
const PATIENCE_MS = 400;

type Caller = Awaited<ReturnType<typeof serverCaller>>;
type Keys = ReturnType<typeof keysOf>;
interface Wanted {
  queryKey: QueryKey;
  queryFn: () => Promise<unknown>;
}

/** The names of the queries, as the browser makes them; nothing is called through it. */
function keysOf(queryClient: QueryClient) {
  return createTRPCOptionsProxy<AppRouter>({ queryClient, client: createClient() });
}

/** Asks in-process, as the person who wants the page, for what the service in the address needs. What fails or takes long is left to the browser. */
export async function prefetch(
  searchParams: SearchParams,
  wanted: (keys: Keys, caller: Caller, scope: ServiceRef) => Wanted[],
): Promise<DehydratedState> {
  const { env, service } = await searchParams;
  const scope = serviceRef.safeParse({ env, service });
  const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  if (!scope.success) return dehydrate(queryClient);
  const caller = await serverCaller();
  const all = Promise.all(wanted(keysOf(queryClient), caller, scope.data).map((query) => queryClient.prefetchQuery(query)));
  await within(PATIENCE_MS, all);
  return dehydrate(queryClient);
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
