import { Skeleton } from '@mantine/core';

export default function Loading() {
  return (
    <div aria-busy="true" role="status" aria-label="Loading">
      <Skeleton height={24} width={160} mt={4} mb={12} />
      <Skeleton height={66} mb={8} />
      <Skeleton height={320} />
    </div>
  );
}
