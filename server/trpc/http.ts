import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { refusalOfPost } from '../auth/csrf.ts';
import type { SessionReader } from '../auth/session-reader.ts';
import type { ControlErrorCode, ControlErrorView } from '../contract/control-error.ts';
import { may } from '../contract/permissions.ts';
import type { ControlDeps } from '../control/deps.ts';
import { expectedFailure } from '../control/expected-failure.ts';
import type { TrpcContext } from './context.ts';
import { readBody } from './read-body.ts';
import { appRouter } from './router.ts';

const TRPC_PATH = '/api/trpc';
const BATCH_MAX = 20;
/** The one procedure that a browser reaches by GET: an event stream can be opened in no other way. */
const STREAM = 'live.stream';

export interface TrpcParts {
  deps: ControlDeps;
  sessions: SessionReader;
  origins: readonly string[];
}

export async function trpcContext({ deps, sessions }: TrpcParts, headers: Headers): Promise<TrpcContext> {
  return {
    deps,
    actor: await sessions.read(headers),
    async stillSignedIn() {
      const actor = await sessions.read(headers);
      return actor !== null && may(actor.role, 'console.read');
    },
  };
}

/** Every call of the console's browser side. */
export async function handleTrpc(parts: TrpcParts, request: Request): Promise<Response> {
  const refusal = refusalOf(request, parts.origins);
  if (refusal !== null) return failed(refusal.status, { code: codeOf(refusal.status), message: refusal.message });
  let context: TrpcContext;
  try {
    context = await trpcContext(parts, request.headers);
  } catch (error) {
    const expected = expectedFailure(error);
    if (expected !== undefined) return failed(503, expected.view());
    parts.deps.log.error({ err: error }, 'a session could not be read');
    return failed(500, { code: 'INTERNAL', message: 'Something unexpected went wrong.' });
  }
  const body = request.method === 'POST' ? await readBody(request) : null;
  if (body !== null && 'status' in body) return failed(body.status, { code: 'BAD_INPUT', message: body.message });
  const response = await fetchRequestHandler({
    endpoint: TRPC_PATH,
    req:
      body === null
        ? request
        : new Request(request.url, { method: 'POST', headers: request.headers, body: body.bytes, signal: request.signal }),
    router: appRouter,
    createContext: () => context,
    allowMethodOverride: true,
    maxBatchSize: BATCH_MAX,
  });
  // `no-transform` also keeps the server from compressing, and so holding back, the event stream.
  response.headers.set('cache-control', 'no-store, no-transform');
  return response;
}

function refusalOf(request: Request, origins: readonly string[]): { status: number; message: string } | null {
  if (request.method === 'POST') return refusalOfPost(request.headers, origins);
  const site = request.headers.get('sec-fetch-site');
  if (site !== null && site !== 'same-origin') return { status: 403, message: 'The stream is for the console itself only.' };
  const { pathname } = new URL(request.url);
  if (request.method === 'GET' && pathname === `${TRPC_PATH}/${STREAM}`) return null;
  return { status: 405, message: 'Use POST.' };
}

function codeOf(status: number): ControlErrorCode {
  return status === 403 ? 'FORBIDDEN' : 'BAD_INPUT';
}

/** The form in which tRPC's client expects a failure. */
function failed(httpStatus: number, control: ControlErrorView): Response {
  const error = { message: control.message, code: -32_600, data: { code: control.code, httpStatus, control } };
  return Response.json({ error }, { status: httpStatus, headers: { 'cache-control': 'no-store' } });
}
