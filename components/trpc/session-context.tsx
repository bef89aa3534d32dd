'use client';
import { createContext, useContext } from 'react';
import { may, type Permission } from '../../server/contract/permissions.ts';
import type { SessionView } from '../../server/contract/session.ts';

export const SessionContext = createContext<SessionView | null>(null);

export function useSession(): SessionView {
  const session = useContext(SessionContext);
  if (session === null) throw new Error('useSession is used outside of the shell');
  return session;
}

/** Why this person may not do it now, in words for the button's tooltip; null when they may. The server judges again. */
export function useDenied(permission: Permission): string | null {
  const { role, readonly } = useSession();
  if (readonly && permission !== 'lab.stop') return 'This console is read-only.';
  if (!may(role, permission)) return `Your role (${role}) does not allow this.`;
  return null;
}

/** Production unless the configuration says otherwise. */
export function useIsProduction(env: string | undefined): boolean {
  const { nonProductionEnvs } = useSession();
  return env !== undefined && !nonProductionEnvs.includes(env);
}
