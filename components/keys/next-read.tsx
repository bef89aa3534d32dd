'use client';
import { Button, Skeleton } from '@mantine/core';
import { IconCircleCheck, IconDatabase, IconHourglass, IconServer2, IconStack2 } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { ExplainInput, ExplainView, InstanceRead } from '../../server/contract/keys.ts';
import { ID_CHARS_MAX } from '../../server/contract/service-ref.ts';
import { formatBytes, formatCount } from '../../server/contract/units.ts';
import { Ago } from '../layout/ago.tsx';
import { QueryTrouble } from '../layout/notice.tsx';
import { alone } from '../trpc/trpc-client.ts';
import { useTRPC } from '../trpc/trpc-context.ts';
import { agreedRead, answeredWords } from './explain-words.ts';
import classes from './next-read.module.css';

interface NextReadProps {
  of: ExplainInput;
  /** The entry on show is of a version that no read reaches. */
  olderVersion?: boolean;
}

/** What the next read of a key would do, as the running instances say. Asked once, and again on demand: it makes each of them ask Redis. */
export function NextRead({ of, olderVersion = false }: NextReadProps) {
  const trpc = useTRPC();
  const query = useQuery(
    trpc.keys.explain.queryOptions(of, {
      trpc: alone,
      staleTime: Number.POSITIVE_INFINITY,
      gcTime: 0,
      refetchOnReconnect: false,
      refetchOnWindowFocus: false,
    }),
  );
  const { data: view } = query;
  return (
    <section className={classes['section']} aria-label="Next read">
      <header className={classes['head']}>
        <h3>Next read</h3>
        <span className={classes['answered']} role="status">
          {query.isFetching ? 'asking the instances…' : view != null && !query.isError && answeredWords(view)}
        </span>
        {view != null && !query.isError && (
          <span className={classes['when']}>
            <Ago atMs={view.nowMs} />
          </span>
        )}
        <Button
          size="compact-xs"
          variant="default"
          aria-disabled={query.isFetching}
          onClick={() => void query.refetch({ cancelRefetch: false })}
        >
          Ask again
        </Button>
      </header>
      {query.isPending && <Skeleton height={36} />}
      {query.isError && !query.isFetching && (
        <QueryTrouble error={query.error} onRetry={() => void query.refetch({ cancelRefetch: false })} />
      )}
      {view === null && (
        <p className={classes['dim']}>
          The key holds a digest of this long id, and instances are asked by the id: give the exact id in the filter above, which takes{' '}
          {formatCount(ID_CHARS_MAX)} characters.
        </p>
      )}
      {view != null && !query.isError && (
        <>
          {olderVersion && view.answers.length > 0 && (
            <p className={classes['dim']}>The entry above is of an older version; this is about its id under the current one.</p>
          )}
          <Answers view={view} />
        </>
      )}
    </section>
  );
}

function Answers({ view }: { view: ExplainView }) {
  const agreed = agreedRead(view);
  return (
    <>
      {agreed !== null && <Read read={agreed} />}
      {(agreed === null || view.pending.length > 0) && (
        <ul className={classes['instances']}>
          {agreed === null &&
            view.answers.map(({ instance, read }) => (
              <Row key={instance} instance={instance}>
                {read === null ? <span className={classes['dim']}>does not know this entity</span> : <Read read={read} />}
              </Row>
            ))}
          {view.pending.map((instance) => (
            <Row key={instance} instance={instance}>
              <span className={classes['tier']}>
                <IconHourglass size={14} aria-hidden="true" /> no answer
              </span>
            </Row>
          ))}
        </ul>
      )}
    </>
  );
}

function Row({ instance, children }: { instance: string; children: ReactNode }) {
  return (
    <li>
      <code title={instance}>{instance.slice(-6)}</code>
      <div>{children}</div>
    </li>
  );
}

const tiers = {
  l1: { Icon: IconStack2, word: 'L1' },
  redis: { Icon: IconServer2, word: 'Redis' },
  origin: { Icon: IconDatabase, word: 'origin' },
} as const;

function Read({ read: { tier, does, why, local } }: { read: InstanceRead }) {
  const { Icon, word } = tiers[tier];
  return (
    <div className={classes['read']}>
      <span className={classes['tier']} data-tier={tier}>
        <Icon size={14} aria-hidden="true" /> {word}
      </span>
      <p>
        <strong>{does}</strong>: {why}
      </p>
      {local !== null && (
        <p className={classes['local']} data-serves={local.serves}>
          L1 holds {formatBytes(local.sizeBytes)}, loaded <Ago atMs={local.createdMs} />,{' '}
          {local.serves ? (
            <span className={classes['served']}>
              <IconCircleCheck size={13} aria-hidden="true" />
              served
            </span>
          ) : (
            <>
              <strong>not served</strong>: {local.why}
            </>
          )}
        </p>
      )}
    </div>
  );
}
