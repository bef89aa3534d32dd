import type { Metadata } from 'next';
import { LabView } from '../../../components/lab/lab-view.tsx';
import { hrefs } from '../../../server/contract/hrefs.ts';
import { requireSession, type SearchParams } from '../../require-session.ts';

export const metadata: Metadata = { title: 'Failure lab' };

export default async function LabPage({ searchParams }: { searchParams: SearchParams }) {
  await requireSession(hrefs.lab(), searchParams);
  return <LabView />;
}
