import { pino } from 'pino';
import { createOperator } from 'sideboard-engine';
import { buildAuth } from './auth/better-auth.ts';
import { type AuthParts, handleAuth, handleSignInLink } from './auth/http.ts';
import { createSessionReader } from './auth/session-reader.ts';
import { createAuditLog } from './control/audit/audit-log.ts';
import { openAuditSpool } from './control/audit/audit-spool.ts';
import type { ControlDeps } from './control/deps.ts';
import { createExperimentBook } from './control/lab/experiment-book.ts';
import { createOnce } from './control/once.ts';
import { createPolicyBook } from './control/policies/policy-book.ts';
import { unconfiguredOperator } from './control/unconfigured-operator.ts';
import { openStore } from './db/store.ts';
import type { Env } from './env.ts';
import { createFleetWatch } from './streams/fleet-watch.ts';
import { createLiveHub } from './streams/live-hub.ts';
import { handleTrpc, trpcContext } from './trpc/http.ts';
import { createCallerFactory } from './trpc/init.ts';
import { appRouter } from './trpc/router.ts';

/** The whole console behind its routes, which only pass requests on. */
export interface Container {
  trpc(request: Request): Promise<Response>;
  auth(request: Request): Promise<Response>;
  signInLink(request: Request): Promise<Response>;
  health(): Response;
  /** The router, called in-process for the person whose headers these are. */
  caller(headers: Headers): Promise<ReturnType<typeof createCaller>>;
  /** Ends every stream at once, so that the server can end; then everything else. Safe to call twice. */
  close(): Promise<void>;
}

const createCaller = createCallerFactory(appRouter);
/** The console is usable without Redis and database: it does not wait longer for them before it answers. */
const FIRST_CONTACT_MS_MAX = 3_000;

/** Wires everything. Nothing else in the process holds state of the console. */
export async function buildContainer(env: Env): Promise<Container> {
  const now = Date.now;
  const log = pino({ level: env.logLevel, redact: ['*.password', '*.token', '*.authorization', '*.cookie'] });
  const redis = typeof env.redis === 'object' && 'problem' in env.redis ? null : env.redis;
  const operator =
    redis === null
      ? unconfiguredOperator(typeof env.redis === 'object' && 'problem' in env.redis ? env.redis.problem : '', now())
      : createOperator({ redis });
  const store = openStore({ url: env.databaseUrl, migrationsFolder: env.migrationsFolder });
  const audit = createAuditLog(store, openAuditSpool(env.dir));
  const experiments = createExperimentBook(store);
  const policies = createPolicyBook(store);
  const fleet = createFleetWatch(operator, now);
  const live = createLiveHub({ operator, store, fleet, audit, experiments, policies, log, now });
  const { secret, readonly, nonProductionEnvs, origins } = env;
  const once = createOnce(store, now);
  const deps: ControlDeps = {
    operator,
    store,
    audit,
    once,
    fleet,
    policies,
    experiments,
    live,
    log,
    now,
    secret,
    readonly,
    nonProductionEnvs,
  };
  const auth = buildAuth({ db: store.db, secret, origins });
  const sessions = createSessionReader(auth, store);
  const authParts: AuthParts = { auth, store, sessions, origins, secret, log };
  const trpcParts = { deps, sessions, origins };

  const stopReporting = operator.onState((state) => {
    if (state.state === 'down') log.warn({ reason: state.reason }, 'Redis is down');
    if (state.state === 'up') log.info({ version: state.version }, 'Redis is up');
  });
  const stopReportingStore = store.onState(({ state, reason }) => {
    if (state === 'down') log.warn({ reason }, 'the database is down');
    else log.info('the database is up');
  });
  live.start();
  await atMost(FIRST_CONTACT_MS_MAX, Promise.all([operator.ready(), store.ready()]));

  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    stopReporting();
    stopReportingStore();
    await live.close();
    await Promise.all([operator.close(), store.close()]);
  }

  return {
    trpc: (request) => handleTrpc(trpcParts, request),
    auth: (request) => handleAuth(authParts, request),
    signInLink: (request) => handleSignInLink(authParts, request),
    health: () =>
      Response.json({ ok: true, redis: operator.state().state, store: store.state().state }, { headers: { 'cache-control': 'no-store' } }),
    caller: async (headers) => createCaller(await trpcContext(trpcParts, headers)),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
