import type { Metadata } from 'next';
import { safeNext } from '../../components/sign-in/safe-next.ts';
import { StoreAwayView } from '../../components/store-away/store-away-view.tsx';
import type { SearchParams } from '../require-session.ts';

export const metadata: Metadata = { title: 'The store is away' };

/** Needs no session: while the store is away nobody's can be read. */
export default async function StoreAwayPage({ searchParams }: { searchParams: SearchParams }) {
  const { next } = await searchParams;
  return <StoreAwayView next={safeNext(Array.isArray(next) ? next[0] : next)} />;
}
