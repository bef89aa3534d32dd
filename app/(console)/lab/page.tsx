import { HydrationBoundary } from '@tanstack/react-query';
import type { Metadata } from 'next';
import { LabView } from '../../../components/lab/lab-view.tsx';
import { hrefs } from '../../../server/contract/hrefs.ts';
import { prefetch } from '../../prefetch.ts';
import { requireSession, type SearchParams } from '../../require-session.ts';

export const metadata: Metadata = { title: 'Failure lab' };

export default async function LabPage({ searchParams }: { searchParams: SearchParams }) {
  await requireSession(hrefs.lab(), searchParams);
  const state = await prefetch(searchParams, (keys, caller) => [{ queryKey: keys.lab.list.queryKey(), queryFn: () => caller.lab.list() }]);
  return (
    <HydrationBoundary state={state}>
      <LabView />
    </HydrationBoundary>
  );
}
