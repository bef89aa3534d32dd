import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { role } from '../contract/roles.ts';
import type { Actor } from '../control/actor.ts';
import { type Store, StoreUnavailable, within } from '../db/store.ts';
import type { Auth } from './better-auth.ts';

const FRESH_MS = 5_000;
const USABLE_WITHOUT_STORE_MS = 10 * 60_000;
/** With an answer in memory nobody waits longer than this for the store. */
const PATIENCE_MS = 1_500;
const SESSIONS_KEPT_MAX = 1_000;
const COOKIE = /(?:^|;\s*)((?:__Secure-)?sideboard\.session_token)=([^;]+)/;

interface Kept {
  actor: Actor;
  expiresAtMs: number;
  checkedAtMs: number;
}

export interface SessionReader {
  /** Who sent these headers; null without a session that stands. Rejects with `StoreUnavailable` when nobody can tell. */
  read(headers: Headers): Promise<Actor | null>;
  /** Forgets the session of these headers at once, even if the store cannot delete it now. */
  end(headers: Headers): void;
}

/** Sessions validated a moment ago are kept in memory, so that reading and stopping work while the store is down. */
export function createSessionReader(auth: Auth, store: Store, now: () => number = Date.now): SessionReader {
  const kept = new Map<string, Kept>();
  const ended = new Map<string, number>();

  async function ask(headers: Headers): Promise<Omit<Kept, 'checkedAtMs'> | null> {
    const found = await auth.api.getSession({ headers }).catch(async (error: unknown) => {
      // better-auth hides why it failed: the store is asked by itself, and rejects if it is away.
      await store.run((db) => db.execute(sql`select 1`));
      throw error;
    });
    if (found === null) return null;
    const { id, name, email } = found.user;
    return { actor: { id, name, email, role: role.parse(found.user.role) }, expiresAtMs: found.session.expiresAt.getTime() };
  }

  return {
    async read(headers) {
      const key = keyOf(headers);
      if (key === null || ended.has(key)) return null;
      const before = kept.get(key);
      const usable = before !== undefined && before.expiresAtMs > now() ? before : undefined;
      if (usable !== undefined && now() - usable.checkedAtMs < FRESH_MS) return usable.actor;
      const fallback = usable !== undefined && now() - usable.checkedAtMs < USABLE_WITHOUT_STORE_MS ? usable : undefined;
      try {
        if (store.state().state === 'down') throw new StoreUnavailable(store.state().reason ?? 'down');
        const asked = ask(headers);
        const found = await (fallback === undefined ? asked : within(asked, PATIENCE_MS));
        kept.delete(key);
        if (found === null || ended.has(key)) return null;
        kept.set(key, { ...found, checkedAtMs: now() });
        trim(kept);
        return found.actor;
      } catch (error) {
        if (error instanceof StoreUnavailable && fallback !== undefined) return fallback.actor;
        throw error;
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
