import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { permissions } from '../contract/permissions.ts';
import { browser, consoleBed, origin, secret } from '../testing/console-bed.ts';
import { appRouter } from './router.ts';

const ref = { env: 'demo', service: 'shop' };
const entity = { ...ref, entity: 'product' };
const values = { ttlMs: 30_000, jitter: 0.1, staleMs: 0 };
const idempotencyKey = () => randomUUID();

const bed = consoleBed(entity);
const { call, signIn, spend, token } = bed;

/** A legal input of each change: what keeps a viewer out is the permission, not the input. */
const changes: Record<string, () => unknown> = {
  'keys.invalidate': () => ({ ...entity, id: '42', idempotencyKey: idempotencyKey() }),
  'versions.bump': () => ({ ...entity, expectedRev: null, idempotencyKey: idempotencyKey() }),
  'policies.save': () => ({ ...entity, values, baseRev: 0, idempotencyKey: idempotencyKey() }),
  'lab.start': () => ({
    experiment: { fault: { kind: 'refuse' }, ...ref, seconds: 5, reason: 'a drill' },
    idempotencyKey: idempotencyKey(),
  }),
  'lab.stop': () => ({ id: 'none' }),
  'lab.halt': () => ({}),
};
/** tRPC keeps them flat at run time: `keys.scan`. */
const flat = z.record(
  z.string(),
  z.custom<{ _def: { type: string; meta?: { permission?: string } } }>((value) => typeof value === 'function'),
);
const procedures = Object.entries(flat.parse(appRouter._def.procedures)).map(([name, { _def }]) => ({
  name,
  type: _def.type,
  meta: _def.meta,
}));

describe('every procedure', () => {
  it('is known to this test', () => {
    expect(procedures.filter(({ type }) => type === 'mutation').map(({ name }) => name)).toEqual(Object.keys(changes));
    expect(procedures).toHaveLength(18);
  });

  it.each(procedures)('$name names the permission that it needs', ({ meta }) => {
    expect(['signed-in', ...Object.keys(permissions)]).toContain(meta?.permission);
  });

  it.each(procedures.filter(({ type }) => type !== 'subscription'))('$name is refused without a session', async ({ name }) => {
    for (const cookie of ['', 'sideboard.session_token=forged.c2lnbmF0dXJl']) {
      const { status, error } = await call(cookie, name, changes[name]?.());
      expect([status, error?.['code']]).toEqual([401, 'UNAUTHENTICATED']);
    }
  });

  it('the stream is refused without a session', async () => {
    const response = await bed.container.trpc(new Request(`${origin}/api/trpc/live.stream`));
    expect(await response.text()).toContain('UNAUTHENTICATED');
  });

  it.each(procedures.filter(({ type }) => type === 'mutation'))(
    '$name is denied to a viewer, and the denial is audited',
    async ({ name }) => {
      const viewer = await signIn('vera', 'viewer');
      const { status, error } = await call(viewer, name, changes[name]?.());
      expect([status, error?.['code']]).toEqual([403, 'FORBIDDEN']);
      const rows = z
        .array(z.object({ action: z.string(), outcome: z.string(), by: z.string() }))
        .parse((await call(viewer, 'audit.recent')).data);
      expect(rows[0]).toEqual({ action: name, outcome: 'denied', by: 'vera' });
    },
  );

  it('is refused from another origin, by GET, and over 256 KB', async () => {
    const admin = await signIn('root', 'admin');
    expect((await call(admin, 'session.me', undefined, { ...browser, origin: 'https://evil.example' })).status).toBe(403);
    const get = await bed.container.trpc(new Request(`${origin}/api/trpc/session.me`, { headers: { cookie: admin } }));
    expect(get.status).toBe(405);
    expect((await call(admin, 'keys.meta', { keys: ['x'.repeat(300_000)] })).status).toBe(413);
  });

  it('a batch of more than the bound is refused', async () => {
    const admin = await signIn('root', 'admin');
    const paths = Array.from({ length: 50 }, () => 'session.me').join(',');
    const request = new Request(`${origin}/api/trpc/${paths}?batch=1`, {
      method: 'POST',
      headers: { ...browser, cookie: admin },
      body: '{}',
    });
    expect((await bed.container.trpc(request)).status).toBe(400);
  });
});

describe('signing in', () => {
  it('a link works once', async () => {
    const link = await token('once', 'viewer');
    expect((await spend(link)).status).toBe(200);
    expect((await spend(link)).status).toBe(401);
  });

  it('two browsers that spend one link at once: one gets in', async () => {
    const link = await token('race', 'viewer');
    const statuses = (await Promise.all([spend(link), spend(link)])).map(({ status }) => status).sort();
    expect(statuses).toEqual([200, 401]);
  });

  it('a link is not made without the secret, and not from a browser', async () => {
    const ask = (headers: Record<string, string>) =>
      bed.container.signInLink(new Request(`${origin}/api/sign-in-link`, { method: 'POST', headers, body: '{}' }));
    expect((await ask({})).status).toBe(401);
    expect((await ask({ authorization: 'Bearer ' })).status).toBe(401);
    expect((await ask({ authorization: `Bearer ${secret.slice(1)}` })).status).toBe(401);
    expect((await ask({ authorization: `Bearer ${secret}`, origin })).status).toBe(403);
  });

  it('the cookie is for this console alone', async () => {
    const cookie = (await spend(await token('ada', 'operator'))).headers.get('set-cookie');
    expect(cookie).toMatch(/HttpOnly/i);
    expect(cookie).toMatch(/SameSite=Strict/i);
  });

  it('is refused across sites', async () => {
    expect((await spend(await token('ada', 'operator'), { ...browser, 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  });

  it('signing out ends the session at once', async () => {
    const cookie = await signIn('leaver', 'viewer');
    expect((await call(cookie, 'session.me')).status).toBe(200);
    await bed.container.auth(new Request(`${origin}/api/auth/sign-out`, { method: 'POST', headers: { ...browser, cookie }, body: '{}' }));
    expect((await call(cookie, 'session.me')).status).toBe(401);
  });

  it('nothing else of the sign-in library is reachable', async () => {
    for (const address of ['get-session', 'sign-up/email', 'update-user', 'list-sessions']) {
      const request = new Request(`${origin}/api/auth/${address}`, { method: 'POST', headers: browser, body: '{}' });
      expect((await bed.container.auth(request)).status).toBe(404);
    }
  });
});
