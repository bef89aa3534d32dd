import { createHash } from 'node:crypto';
import { role } from '../contract/roles.ts';
import type { Actor } from '../control/actor.ts';
import { type Store, StoreUnavailable, within } from '../db/store.ts';
import type { Auth } from './better-auth.ts';

const FRESH_MS = 5_000;
const USABLE_WITHOUT_STORE_MS = 10 * 60_000;
/** With an answer in memory nobody waits longer than this for the store, */
const PATIENCE_MS = 500;
/** and after it failed once, nobody waits at all for so long. */
const AGAIN_MS = 5_000;
/** Without one, this long: then the page says that the store is away. */
const PATIENCE_UNKNOWN_MS = 2_500;
const SESSIONS_KEPT_MAX = 1_000;
const COOKIE = /(?:^|;\s*)((?:__Secure-)?sideboard\.session_token)=([^;]+)/;

interface Kept {
  actor: Actor;
  expiresAtMs: number;
  checkedAtMs: number;
  /** When the store last failed to confirm it. */
  failedAtMs: number;
}
type Found = Pick<Kept, 'actor' | 'expiresAtMs'>;

export interface SessionReader {
  /** Who sent these headers; null without a session that stands. Rejects with `StoreUnavailable` when nobody can tell. */
  read(headers: Headers): Promise<Actor | null>;
  /** Forgets the session of these headers at once, even if the store cannot delete it now. */
  end(headers: Headers): void;
}

/** Sessions validated a moment ago are kept in memory, so that reading and stopping work while the store is down or slow. */
export function createSessionReader(auth: Auth, store: Store, now: () => number = Date.now): SessionReader {
  const kept = new Map<string, Kept>();
  const ended = new Map<string, number>();

  const asking = new Map<string, Promise<Found | null>>();

  async function ask(headers: Headers): Promise<Found | null> {
    // better-auth hides why it failed in the cause, which tells an outage of the store from a fault of ours.
    const found = await store.run(() => auth.api.getSession({ headers }).catch((error: unknown) => Promise.reject(causeOf(error))));
    if (found === null) return null;
    const { id, name, email } = found.user;
    return { actor: { id, name, email, role: role.parse(found.user.role) }, expiresAtMs: found.session.expiresAt.getTime() };
  }

  /** One question for all that want to know at once: a page asks several times. */
  function askOnce(key: string, headers: Headers): Promise<Found | null> {
    const known = asking.get(key);
    if (known !== undefined) return known;
    const asked = ask(headers).finally(() => asking.delete(key));
    asking.set(key, asked);
    return asked;
  }

  return {
    async read(headers) {
      const key = keyOf(headers);
      if (key === null || ended.has(key)) return null;
      const before = kept.get(key);
      const usable = before !== undefined && before.expiresAtMs > now() ? before : undefined;
      if (usable !== undefined && now() - usable.checkedAtMs < FRESH_MS) return usable.actor;
      const fallback = usable !== undefined && now() - usable.checkedAtMs < USABLE_WITHOUT_STORE_MS ? usable : undefined;
      if (fallback !== undefined && now() - fallback.failedAtMs < AGAIN_MS) return fallback.actor;
      try {
        const { state, reason } = store.state();
        if (state === 'down') throw new StoreUnavailable(reason ?? 'down');
        const found = await within(askOnce(key, headers), fallback === undefined ? PATIENCE_UNKNOWN_MS : PATIENCE_MS);
        kept.delete(key);
        if (found === null || ended.has(key)) return null;
        kept.set(key, { ...found, checkedAtMs: now(), failedAtMs: Number.NEGATIVE_INFINITY });
        trim(kept);
        return found.actor;
      } catch (error) {
        if (!(error instanceof StoreUnavailable) || fallback === undefined) throw error;
        if (ended.has(key)) return null;
        fallback.failedAtMs = now();
        return fallback.actor;
      }
    },
    end(headers) {
      const key = keyOf(headers);
      if (key === null) return;
      kept.delete(key);
      ended.set(key, now());
      trim(ended);
    },
  };
}

function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? error.cause : error;
}

function keyOf(headers: Headers): string | null {
  const match = COOKIE.exec(headers.get('cookie') ?? '');
  return match === null ? null : createHash('sha256').update(`${match[1]}=${match[2]}`).digest('base64');
}

function trim(map: Map<string, unknown>): void {
  for (const key of map.keys()) {
    if (map.size <= SESSIONS_KEPT_MAX) return;
    map.delete(key);
  }
}
