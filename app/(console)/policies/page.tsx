import { HydrationBoundary } from '@tanstack/react-query';
import type { Metadata } from 'next';
import { PoliciesView } from '../../../components/policies/policies-view.tsx';
import { hrefs } from '../../../server/contract/hrefs.ts';
import { prefetch } from '../../prefetch.ts';
import { requireSession, type SearchParams } from '../../require-session.ts';

export const metadata: Metadata = { title: 'TTL policies' };

export default async function PoliciesPage({ searchParams }: { searchParams: SearchParams }) {
  await requireSession(hrefs.policies(), searchParams);
  const state = await prefetch(searchParams, (keys, caller, scope) => [
    { queryKey: keys.policies.list.queryKey(scope), queryFn: () => caller.policies.list(scope) },
    { queryKey: keys.policies.revisions.queryKey(scope), queryFn: () => caller.policies.revisions(scope) },
  ]);
  return (
    <HydrationBoundary state={state}>
      <PoliciesView />
    </HydrationBoundary>
  );
}
