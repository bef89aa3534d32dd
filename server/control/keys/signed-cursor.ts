import { createHmac, timingSafeEqual } from 'node:crypto';
import * as z from 'zod/mini';
import { ControlError } from '../control-error.ts';

const payloadSchema = z.strictObject({ c: z.string().check(z.regex(/^[0-9]{1,20}$/)), w: z.string() });

/** What a cursor is bound to: the walk's parameters. A cursor of one walk is of no use in another. */
export interface Walk {
  env: string;
  service: string;
  entity?: string | undefined;
  idPrefix?: string | undefined;
}

/** Redis' cursor, tied to its walk and signed: SCAN with a number that Redis did not give may do anything. */
export function signCursor(secret: string, walk: Walk, cursor: string): string {
  const payload = Buffer.from(JSON.stringify({ c: cursor, w: nameOf(walk) })).toString('base64url');
  return `${payload}.${mac(secret, payload).toString('base64url')}`;
}

/** Throws BAD_INPUT for what `signCursor` did not make for this very walk. */
export function openCursor(secret: string, walk: Walk, signed: string): string {
  const refuse = () => new ControlError('BAD_INPUT', 'cursor: is not one of this walk. Start over.', { field: 'cursor' });
  const [payload = '', signature = '', ...rest] = signed.split('.');
  const expected = mac(secret, payload);
  const sent = Buffer.from(signature, 'base64url');
  if (rest.length > 0 || sent.length !== expected.length || !timingSafeEqual(sent, expected)) throw refuse();
  const parsed = payloadSchema.safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString()));
  if (!parsed.success || parsed.data.w !== nameOf(walk)) throw refuse();
  return parsed.data.c;
}

function nameOf(walk: Walk): string {
  const text = JSON.stringify([walk.env, walk.service, walk.entity ?? null, walk.idPrefix ?? '']);
  // Names are long enough to matter: the cursor stays short.
  return createHmac('sha256', 'walk').update(text).digest('base64url');
}

function mac(secret: string, payload: string): Buffer {
  return createHmac('sha256', secret).update(`scan-cursor\n${payload}`).digest();
}
