import { hrefs } from '../../server/contract/hrefs.ts';
import { signOutPath } from '../../server/contract/sign-in.ts';

/** Ends the session on the server, then leaves by a page load, so that nothing of it stays in memory. False: the server did not do it. */
export async function signOut(): Promise<boolean> {
  try {
    const answer = await fetch(signOutPath, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
    if (!answer.ok) return false;
  } catch {
    // The server could not be reached: the caller says so, and the session stands.
    return false;
  }
  window.location.assign(hrefs.signIn());
  return true;
}
