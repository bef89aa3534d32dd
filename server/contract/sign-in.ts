import * as z from 'zod/mini';

/** Where the sign-in page posts the token of its address as JSON: 200 sets the session's cookie, 401 the link is spent, old or unknown. */
export const signInPath = '/api/auth/sign-in/link';
export const signInInput = z.strictObject({ token: z.string().check(z.regex(/^[A-Za-z0-9_-]{20,100}$/, 'is not a sign-in token')) });

/** Posted with `{}` as JSON: ends the session and removes its cookie. */
export const signOutPath = '/api/auth/sign-out';
