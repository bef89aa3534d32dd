import { Button } from '@mantine/core';
import { IconAlertTriangle, IconInfoCircle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { explainError } from '../trpc/explain-error.ts';
import classes from './shell.module.css';

interface NoticeProps {
  title: string;
  children?: ReactNode;
  tone?: 'plain' | 'trouble';
}

/** An empty or broken place that says why, and what to do. */
export function Notice({ title, children, tone = 'plain' }: NoticeProps) {
  const Icon = tone === 'trouble' ? IconAlertTriangle : IconInfoCircle;
  return (
    <div className={classes['notice']} role={tone === 'trouble' ? 'alert' : 'status'}>
      <Icon size={20} stroke={1.6} aria-hidden="true" />
      <div>
        <strong>{title}</strong>
        {children !== undefined && <div>{children}</div>}
      </div>
    </div>
  );
}

/** A query that failed: the server's words, what to do, and a way to try again. */
export function QueryTrouble({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { title, message, advice } = explainError(error);
  return (
    <Notice tone="trouble" title={title}>
      <p>
        {message} {advice}
      </p>
      <Button size="compact-sm" variant="default" onClick={onRetry}>
        Try again
      </Button>
    </Notice>
  );
}
