import { Skeleton } from '@mantine/core';
import { PageHead } from '../layout/page-head.tsx';
import classes from './overview.module.css';

/** The page's layout before its first second. */
export function OverviewSkeleton() {
  return (
    <div aria-busy="true">
      <PageHead title="Overview" lead="waiting for the first second" />
      <Skeleton height={66} mb={8} />
      <div className={classes['grid']}>
        <div className={classes['column']}>
          <Skeleton height={280} />
          <Skeleton height={220} />
        </div>
        <div className={classes['column']}>
          <Skeleton height={184} />
          <Skeleton height={184} />
          <Skeleton height={150} />
        </div>
      </div>
    </div>
  );
}
