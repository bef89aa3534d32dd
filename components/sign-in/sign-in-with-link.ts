import { signInPath } from '../../server/contract/sign-in.ts';

export type SignInResult = 'signed-in' | 'spent' | 'store' | 'away';

/** Posts the token; the answer sets the session's cookie. */
export async function signInWithLink(token: string): Promise<SignInResult> {
  try {
    const answer = await fetch(signInPath, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    });
    if (answer.ok) return 'signed-in';
    if (answer.status === 503) return 'store';
    return answer.status >= 500 ? 'away' : 'spent';
  } catch {
    // The request did not reach the server: the page says so.
    return 'away';
  }
}
