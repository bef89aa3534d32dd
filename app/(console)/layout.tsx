import type { ReactNode } from 'react';
import { Shell } from '../../components/layout/shell.tsx';
import { currentSession } from '../require-session.ts';

export default async function ConsoleLayout({ children }: { children: ReactNode }) {
  const session = await currentSession();
  // Without a session there is no frame: the page itself leads to where one is had, since it knows the way back.
  return session === null || session === 'unknown' ? children : <Shell session={session}>{children}</Shell>;
}
