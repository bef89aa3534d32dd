import type { Metadata } from 'next';
import { PoliciesView } from '../../../components/policies/policies-view.tsx';
import { hrefs } from '../../../server/contract/hrefs.ts';
import { requireSession, type SearchParams } from '../../require-session.ts';

export const metadata: Metadata = { title: 'TTL policies' };

export default async function PoliciesPage({ searchParams }: { searchParams: SearchParams }) {
  await requireSession(hrefs.policies(), searchParams);
  return <PoliciesView />;
}
