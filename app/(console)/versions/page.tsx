import { HydrationBoundary } from '@tanstack/react-query';
import type { Metadata } from 'next';
import { VersionsView } from '../../../components/versions/versions-view.tsx';
import { hrefs } from '../../../server/contract/hrefs.ts';
import { prefetch } from '../../prefetch.ts';
import { requireSession, type SearchParams } from '../../require-session.ts';

export const metadata: Metadata = { title: 'Versions' };

export default async function VersionsPage({ searchParams }: { searchParams: SearchParams }) {
  await requireSession(hrefs.versions(), searchParams);
  const state = await prefetch(searchParams, (keys, caller, scope) => [
    { queryKey: keys.versions.list.queryKey(scope), queryFn: () => caller.versions.list(scope) },
  ]);
  return (
    <HydrationBoundary state={state}>
      <VersionsView />
    </HydrationBoundary>
  );
}
