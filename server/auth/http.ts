import { sql } from 'drizzle-orm';
import { signInPath, signOutPath } from '../contract/sign-in.ts';
import type { ErrorLog } from '../control/deps.ts';
import { expectedFailure } from '../control/expected-failure.ts';
import { type Store, StoreUnavailable, within } from '../db/store.ts';
import type { Auth } from './better-auth.ts';
import { refusalOfPost } from './csrf.ts';
import type { SessionReader } from './session-reader.ts';
import { bearerMatches, linkRequest, makeSignInLink } from './sign-in-link.ts';

/** A sign-in asks the store several times; nobody waits longer for all of it, */
const PATIENCE_MS = 3_000;
/** nor longer than this to learn whether the store was to blame. */
const PROBE_MS = 1_000;

export interface AuthParts {
  auth: Auth;
  store: Store;
  sessions: SessionReader;
  origins: readonly [string, ...string[]];
  secret: string;
  log: ErrorLog;
}

/** Sign-in by link and sign-out; nothing else of better-auth is reachable. */
export async function handleAuth({ auth, store, sessions, origins, log }: AuthParts, request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (request.method !== 'POST') return answer(405, { message: 'Use POST.' });
  if (pathname !== signInPath && pathname !== signOutPath) return answer(404, { message: 'There is no such address.' });
  const refusal = refusalOfPost(request.headers, origins);
  if (refusal !== null) return answer(refusal.status, { message: refusal.message });
  if (pathname === signOutPath) sessions.end(request.headers);
  else if (store.state().state === 'down') return unavailable(new StoreUnavailable());
  let response: Response;
  try {
    response = await within(auth.handler(sameOrigin(request, origins[0])), PATIENCE_MS);
    // What failed inside is hidden: the store is asked by itself, and rejects if it is away.
    if (response.status >= 500) await store.run((db) => db.execute(sql`select 1`), { patienceMs: PROBE_MS });
  } catch (error) {
    if (error instanceof StoreUnavailable) return unavailable(error);
    throw error;
  }
  if (response.status >= 500) {
    log.error({ status: response.status, pathname }, 'better-auth failed');
    return answer(500, { message: 'Something unexpected went wrong.' });
  }
  if (pathname === signInPath && !response.ok) {
    return answer(401, { message: 'This link was used already, is too old, or is not one. Get another: npm run sign-in-link' });
  }
  response.headers.set('cache-control', 'no-store');
  return response;
}

/** `npm run sign-in-link` and the supervisor: whoever holds the secret may let people in. */
export async function handleSignInLink({ store, origins, secret, log }: AuthParts, request: Request): Promise<Response> {
  if (request.method !== 'POST') return answer(405, { message: 'Use POST.' });
  // Browsers have no business here, and always name their origin.
  if (request.headers.has('origin')) return answer(403, { message: 'Not from a browser.' });
  if (!bearerMatches(request.headers.get('authorization'), secret)) return answer(401, { message: 'The secret is wrong.' });
  let input: unknown;
  try {
    input = await request.json();
  } catch {
    return answer(400, { message: 'The body is no JSON.' });
  }
  const parsed = linkRequest.safeParse(input);
  if (!parsed.success)
    return answer(400, { message: 'Send { "name"?: text of 1 to 80 characters, "role"?: "viewer" | "operator" | "admin" }.' });
  try {
    return answer(200, { url: await makeSignInLink(store, origins[0], parsed.data) });
  } catch (error) {
    if (error instanceof StoreUnavailable) return unavailable(error);
    log.error({ err: error }, 'a sign-in link could not be made');
    return answer(500, { message: 'Something unexpected went wrong.' });
  }
}

/** better-auth derives its addresses from the request; both loopback names are the same console. */
function sameOrigin(request: Request, origin: string): Request {
  const { pathname } = new URL(request.url);
  return new Request(`${origin}${pathname}`, request);
}

function unavailable(error: StoreUnavailable): Response {
  return answer(503, { message: expectedFailure(error)?.message ?? 'The database cannot be reached.' });
}

function answer(status: number, body: object): Response {
  return Response.json(body, { status, headers: { 'cache-control': 'no-store' } });
}
