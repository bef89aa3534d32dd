import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { controlErrorOf } from './control-error-of.ts';

const STALE_MS = 5_000;
const RETRIES_MAX = 2;

/** One per browser tab, and one per request on the server. `onSignedOut` is called when the server no longer knows the session. */
export function createQueryClient(onSignedOut: () => void): QueryClient {
  const onError = (error: unknown) => {
    if (controlErrorOf(error)?.code === 'UNAUTHENTICATED') onSignedOut();
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: STALE_MS,
        // What the server has judged is not asked again; what it never answered is.
        retry: (failures, error) => controlErrorOf(error) === null && failures < RETRIES_MAX,
      },
      mutations: { retry: false },
    },
  });
}
