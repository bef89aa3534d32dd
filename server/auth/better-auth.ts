import { createHash, randomBytes } from 'node:crypto';
import { drizzleAdapter } from 'better-auth/adapters/drizzle';
import { APIError, createAuthEndpoint } from 'better-auth/api';
import { setSessionCookie } from 'better-auth/cookies';
import { betterAuth } from 'better-auth/minimal';
import { eq } from 'drizzle-orm';
import * as z from 'zod';
import { role as roleSchema } from '../contract/roles.ts';
import { signInInput } from '../contract/sign-in.ts';
import * as tables from '../db/auth-schema.ts';
import type { Db } from '../db/store.ts';

const SESSION_SECONDS_MAX = 12 * 3_600;

/** What a link grants, kept beside the hash of its token until it is used. */
const grantSchema = z.object({ email: z.string(), name: z.string(), role: z.enum(roleSchema.options) });
export type SignInGrant = z.infer<typeof grantSchema>;

export function newLinkToken(): string {
  return randomBytes(32).toString('base64url');
}

/** The token itself is never stored. */
export function linkIdentifier(token: string): string {
  return `sign-in-link:${createHash('sha256').update(token).digest('hex')}`;
}

/** better-auth with one way in, the one-time link, and one way out. Sessions end 12 h after sign-in, whatever is done in them. */
export function buildAuth({ db, secret, origins }: { db: Db; secret: string; origins: readonly [string, ...string[]] }) {
  return betterAuth({
    appName: 'Sideboard',
    baseURL: origins[0],
    basePath: '/api/auth',
    trustedOrigins: [...origins],
    secret,
    database: drizzleAdapter(db, { provider: 'pg', schema: tables, transaction: false }),
    user: { additionalFields: { role: { type: 'string', required: true, input: false, defaultValue: 'viewer' } } },
    session: { expiresIn: SESSION_SECONDS_MAX, disableSessionRefresh: true, cookieCache: { enabled: false } },
    // Only two paths are routed here, and the token of a link cannot be guessed: 256 random bits.
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    // Its lines would name people; failures surface where they are handled.
    logger: { disabled: true },
    advanced: {
      cookiePrefix: 'sideboard',
      useSecureCookies: origins[0].startsWith('https:'),
      defaultCookieAttributes: { httpOnly: true, sameSite: 'strict', path: '/' },
    },
    plugins: [linkSignIn(db)],
  });
}
export type Auth = ReturnType<typeof buildAuth>;

/** `POST /sign-in/link { token }`: spends the token, makes the person known, opens a session. */
function linkSignIn(db: Db) {
  return {
    id: 'sign-in-link',
    endpoints: {
      signInLink: createAuthEndpoint('/sign-in/link', { method: 'POST', body: z.object({ token: z.string() }) }, async (ctx) => {
        const parsed = signInInput.safeParse(ctx.body);
        if (!parsed.success) throw new APIError('UNAUTHORIZED');
        const adapter = ctx.context.internalAdapter;
        const spent = await adapter.consumeVerificationValue(linkIdentifier(parsed.data.token));
        if (spent === null || spent.expiresAt.getTime() <= Date.now()) throw new APIError('UNAUTHORIZED');
        const grant = grantSchema.parse(JSON.parse(spent.value));
        const known = await adapter.findUserByEmail(grant.email);
        const user =
          known?.user ??
          (await adapter.createUser({ email: grant.email, name: grant.name, emailVerified: true, role: grant.role }, { method: 'email' }));
        await db.update(tables.user).set({ role: grant.role, updatedAt: new Date() }).where(eq(tables.user.id, user.id));
        const session = await adapter.createSession(user.id);
        await setSessionCookie(ctx, { session, user });
        return ctx.json({ ok: true });
      }),
    },
  };
}
