import { initTRPC } from '@trpc/server';
import type { Permission } from '../contract/permissions.ts';
import { may } from '../contract/permissions.ts';
import { ControlError } from '../control/control-error.ts';
import type { TrpcContext } from './context.ts';
import { controlErrorView, toTrpcError } from './errors.ts';

interface Meta {
  /** What the caller's role must allow; `signed-in`: any session. */
  permission: Permission | 'signed-in';
}

const PING_MS = 10_000;

const t = initTRPC
  .context<TrpcContext>()
  .meta<Meta>()
  .create({
    isDev: false,
    sse: { ping: { enabled: true, intervalMs: PING_MS }, client: { reconnectAfterInactivityMs: 3 * PING_MS } },
    errorFormatter: ({ shape, error }) => {
      const control = controlErrorView(error);
      return { ...shape, message: control.message, data: { code: shape.data.code, httpStatus: shape.data.httpStatus, control } };
    },
  });

export const router = t.router;
export const createCallerFactory = t.createCallerFactory;

const guarded = t.procedure.use(async ({ ctx, next, path }) => {
  const result = await next();
  if (!result.ok) throw toTrpcError(result.error, ctx.deps.log, path);
  return result;
});

const signedIn = guarded.use(({ ctx, next }) => {
  if (ctx.actor === null) throw toTrpcError(new ControlError('UNAUTHENTICATED', 'Sign in first.'), ctx.deps.log);
  return next({ ctx: { actor: ctx.actor } });
});

/** For any signed-in person. */
export const personal = signedIn.meta({ permission: 'signed-in' });

/** Reads: the role must allow `console.read`. */
export const reading = signedIn.meta({ permission: 'console.read' }).use(({ ctx, next }) => {
  if (!may(ctx.actor.role, 'console.read')) throw toTrpcError(new ControlError('FORBIDDEN', 'Your role may not read here.'), ctx.deps.log);
  return next();
});

/** Changes: the action itself judges the permission, so that what it denies is audited too. */
export const changing = (action: { permission: Permission }) => signedIn.meta({ permission: action.permission });
