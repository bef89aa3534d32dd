import { Skeleton } from '@mantine/core';
import { PageHead } from '../layout/page-head.tsx';

export function KeysSkeleton() {
  return (
    <div aria-busy="true">
      <PageHead title="Keys" lead="waiting for the console" />
      <Skeleton height={34} mb={8} />
      <Skeleton height={560} />
    </div>
  );
}
