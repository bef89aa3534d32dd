import 'server-only';
import { redirect } from 'next/navigation';
import { cache } from 'react';
import { hrefs } from '../server/contract/hrefs.ts';
import type { SessionView } from '../server/contract/session.ts';
import { serverCaller } from '../server/trpc/caller.ts';

export type SearchParams = Promise<Record<string, string | string[] | undefined>>;

/** By its code and name: the router and the store live in another module graph, with classes of their own. */
const isSignedOut = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'UNAUTHORIZED';
const isStoreAway = (error: unknown) => error instanceof Error && error.name === 'StoreUnavailable';

/** Who asks for this page; null without a session, `unknown` while the store that knows is away. Asked once for each request. */
export const currentSession = cache(async (): Promise<SessionView | 'unknown' | null> => {
  try {
    const caller = await serverCaller();
    return await caller.session.me();
  } catch (error) {
    if (isSignedOut(error)) return null;
    if (isStoreAway(error)) return 'unknown';
    throw error;
  }
});

/**
 * Every page calls this before it renders. Without a session it leads to the sign-in page, while the store is away to
 * the page that waits for it, and from both back to `path`.
 */
export async function requireSession(path: string, searchParams: SearchParams): Promise<SessionView> {
  const session = await currentSession();
  if (session !== null && session !== 'unknown') return session;
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(await searchParams)) {
    const first = Array.isArray(value) ? value[0] : value;
    if (first !== undefined) query.set(name, first);
  }
  const back = query.size === 0 ? path : `${path}?${query}`;
  redirect(session === null ? hrefs.signIn(back) : hrefs.storeAway(back));
}
