import 'server-only';
import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { container } from '../container-slot.ts';
import { hrefs } from '../contract/hrefs.ts';
import type { Actor } from '../control/actor.ts';

/** For every page that shows anything of the cache: who reads it, or off to the sign-in page. `next`: where to come back to. */
export async function requireSession(next?: string): Promise<Actor> {
  const actor = await container().session(await headers());
  return actor ?? redirect(hrefs.signIn(next));
}
