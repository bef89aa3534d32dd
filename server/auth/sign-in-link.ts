import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import { eq } from 'drizzle-orm';
import * as z from 'zod';
import { type Role, role } from '../contract/roles.ts';
import * as tables from '../db/auth-schema.ts';
import type { Store } from '../db/store.ts';
import { linkIdentifier, newLinkToken, type SignInGrant } from './better-auth.ts';

const LINK_MS_MAX = 15 * 60_000;

export const linkRequest = z.strictObject({
  name: z.string().trim().min(1).max(80).optional(),
  role: z.enum(role.options).optional(),
});

/** Constant time, whatever was sent. */
export function bearerMatches(header: string | null, secret: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const sent = header?.startsWith('Bearer ') === true ? header.slice('Bearer '.length) : '';
  return timingSafeEqual(digest(sent), digest(secret)) && sent !== '';
}

/**
 * A one-time address that signs a person in, good for 15 minutes. Without a role: the first person becomes an admin,
 * a known one keeps theirs, others become operators. Rejects with `StoreUnavailable`.
 */
export async function makeSignInLink(store: Store, origin: string, request: z.infer<typeof linkRequest>): Promise<string> {
  const name = request.name ?? 'admin';
  const email = emailOf(name);
  const token = newLinkToken();
  await store.run(async (db) => {
    const [known] = await db.select({ role: tables.user.role }).from(tables.user).where(eq(tables.user.email, email));
    const [anyone] = known === undefined ? await db.select({ id: tables.user.id }).from(tables.user).limit(1) : [known];
    const standing: Role = known?.role ?? (anyone === undefined ? 'admin' : 'operator');
    const grant: SignInGrant = { email, name, role: request.role ?? standing };
    const now = new Date();
    await db.insert(tables.verification).values({
      id: randomUUID(),
      identifier: linkIdentifier(token),
      value: JSON.stringify(grant),
      expiresAt: new Date(now.getTime() + LINK_MS_MAX),
      createdAt: now,
      updatedAt: now,
    });
  });
  return `${origin}/sign-in?token=${token}`;
}

/** Names become stable addresses under a domain that can never receive mail. */
function emailOf(name: string): string {
  const lower = name.toLowerCase();
  if (/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(lower)) return lower;
  if (/^[a-z0-9][a-z0-9._-]{0,62}$/.test(lower)) return `${lower}@sideboard.invalid`;
  return `${createHash('sha256').update(lower).digest('hex').slice(0, 24)}@sideboard.invalid`;
}
