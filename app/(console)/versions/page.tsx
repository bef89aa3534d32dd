import type { Metadata } from 'next';
import { VersionsView } from '../../../components/versions/versions-view.tsx';
import { hrefs } from '../../../server/contract/hrefs.ts';
import { requireSession, type SearchParams } from '../../require-session.ts';

export const metadata: Metadata = { title: 'Versions' };

export default async function VersionsPage({ searchParams }: { searchParams: SearchParams }) {
  await requireSession(hrefs.versions(), searchParams);
  return <VersionsView />;
}
