import 'server-only';
import { redirect } from 'next/navigation';
import { cache } from 'react';
import { hrefs } from '../server/contract/hrefs.ts';
import type { SessionView } from '../server/contract/session.ts';
import { serverCaller } from '../server/trpc/caller.ts';

export type SearchParams = Promise<Record<string, string | string[] | undefined>>;

/** By its code: the router lives in another module graph, with a `TRPCError` class of its own. */
const isSignedOut = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'UNAUTHORIZED';

/** Who asks for this page; null without a session. Asked once for each request. */
export const currentSession = cache(async (): Promise<SessionView | null> => {
  const caller = await serverCaller();
  try {
    return await caller.session.me();
  } catch (error) {
    if (isSignedOut(error)) return null;
    throw error;
  }
});

/** Every page calls this before it renders. Without a session it leads to the sign-in page, and from there back to `path`. */
export async function requireSession(path: string, searchParams: SearchParams): Promise<SessionView> {
  const session = await currentSession();
  if (session !== null) return session;
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(await searchParams)) {
    const first = Array.isArray(value) ? value[0] : value;
    if (first !== undefined) query.set(name, first);
  }
  redirect(hrefs.signIn(query.size === 0 ? path : `${path}?${query}`));
}
