'use client';
import { ActionIcon, Code, CopyButton, Skeleton } from '@mantine/core';
import { IconCheck, IconCopy, IconTrash, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { EntryView, ExplainInput, InvalidateReceipt } from '../../server/contract/keys.ts';
import { formatBytes, formatDuration } from '../../server/contract/units.ts';
import { ActButton } from '../layout/act-button.tsx';
import { Ago } from '../layout/ago.tsx';
import { Hint } from '../layout/hint.tsx';
import { Notice, QueryTrouble } from '../layout/notice.tsx';
import { useDenied } from '../trpc/session-context.tsx';
import { useTRPC } from '../trpc/trpc-context.ts';
import { FreshnessTimeline } from './freshness-timeline.tsx';
import { InvalidateDialog } from './invalidate-dialog.tsx';
import classes from './keys.module.css';
import { NextRead } from './next-read.tsx';
import { receiptWords, revokedWords } from './receipt-words.ts';

const REFRESH_MS = 2_000;

interface EntryPanelProps {
  entryKey: string;
  /** The whole id, where it is known: the key of a long one holds a digest. */
  exactId: string | null;
  onClose: () => void;
}

/** One entry: its value, its envelope, how long it lives, and the way to drop it. It looks again every two seconds. */
export function EntryPanel({ entryKey, exactId, onClose }: EntryPanelProps) {
  const trpc = useTRPC();
  const query = useQuery(trpc.keys.entry.queryOptions({ key: entryKey }, { refetchInterval: REFRESH_MS }));
  const [last, setLast] = useState<EntryView | null>(null);
  const [receipt, setReceipt] = useState<InvalidateReceipt | null>(null);
  useEffect(() => {
    if (query.data !== undefined && query.data !== null) setLast(query.data);
  }, [query.data]);
  const entry = query.data ?? null;
  const known = entry ?? last;
  const explained =
    exactId === null || known === null ? { key: entryKey } : { env: known.env, service: known.service, entity: known.entity, id: exactId };
  return (
    <aside className={classes['panel']} aria-label="Entry">
      <header className={classes['panelHead']}>
        <h2>{known === null ? 'Entry' : `${known.entity} ${known.id}`}</h2>
        <ActionIcon variant="subtle" color="gray" aria-label="Close the entry" onClick={onClose}>
          <IconX size={16} />
        </ActionIcon>
      </header>
      {known !== null && <KeyLine display={known.display} />}
      {receipt !== null && (
        <div className={classes['receipt']} role="status">
          <strong>{receiptWords(receipt)}</strong> in {formatDuration(receipt.tookMs)}
          {revokedWords(receipt)}. Audit <code>{receipt.auditId}</code>
        </div>
      )}
      {query.isPending && <Skeleton height={320} />}
      {query.isError && entry === null && <QueryTrouble error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && entry === null && (
        <>
          <Notice title="This entry is gone">It expired, was evicted or invalidated. This panel looks for it every 2 s.</Notice>
          <NextRead key="gone" of={explained} />
        </>
      )}
      {query.isError && entry !== null && (
        <Notice tone="trouble" title="It cannot be looked at now">
          This is how it stood <Ago atMs={entry.nowMs} />.
        </Notice>
      )}
      {entry !== null && <EntryBody entry={entry} explained={explained} onInvalidated={setReceipt} />}
    </aside>
  );
}

function KeyLine({ display }: { display: string }) {
  return (
    <div className={classes['keyLine']}>
      <code title={display}>{display}</code>
      <CopyButton value={display}>
        {({ copied, copy }) => (
          <Hint label={copied ? 'Copied' : 'Copy the key'}>
            <ActionIcon variant="subtle" color="gray" size="sm" aria-label="Copy the key" onClick={copy}>
              {copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
            </ActionIcon>
          </Hint>
        )}
      </CopyButton>
    </div>
  );
}

interface EntryBodyProps {
  entry: EntryView;
  explained: ExplainInput;
  onInvalidated: (receipt: InvalidateReceipt) => void;
}

function EntryBody({ entry, explained, onInvalidated }: EntryBodyProps) {
  const denied = useDenied('keys.invalidate');
  const [asking, setAsking] = useState(false);
  const { envelope } = entry;
  return (
    <>
      {envelope !== null && <FreshnessTimeline envelope={envelope} nowMs={entry.nowMs} />}
      {entry.problem !== null && (
        <Notice tone="trouble" title="The stored bytes are no entry of the engine">
          {entry.problem}
        </Notice>
      )}
      <dl className={classes['facts']}>
        <Fact name="size">
          {formatBytes(entry.sizeBytes)}
          {entry.memoryBytes !== null && `, ${formatBytes(entry.memoryBytes)} in memory`}
        </Fact>
        <Fact name="version">
          {entry.version} {entry.generation === 'current' ? '(current)' : `(${entry.generation}: reads no longer reach it)`}
        </Fact>
        {envelope !== null && (
          <>
            <Fact name="load took">{formatDuration(envelope.loadCostMs)}</Fact>
            <Fact name="codec">{[envelope.codec === 'absent' ? 'not found' : envelope.codec, ...envelope.flags].join(', ')}</Fact>
            <Fact name="value">
              {formatBytes(envelope.rawBytes)}
              {envelope.compressed && `, ${formatBytes(envelope.storedBytes)} compressed`}
            </Fact>
          </>
        )}
        <Fact name="lease">
          {entry.lease === null ? 'none' : `${entry.lease.kind}, ${formatDuration(entry.lease.ttlMs)} left, ${entry.lease.waiters} waiting`}
        </Fact>
      </dl>
      <NextRead key="there" of={explained} olderVersion={entry.generation !== 'current'} />
      <div className={classes['panelTools']}>
        <ActButton
          denied={denied}
          color="red"
          variant="light"
          size="xs"
          leftSection={<IconTrash size={14} />}
          onClick={() => setAsking(true)}
        >
          Invalidate
        </ActButton>
      </div>
      {entry.value !== null && (
        <>
          <h3 className={classes['valueHead']}>Value{entry.truncated && ', the first 64 KiB'}</h3>
          <Code block className={classes['value'] ?? ''} tabIndex={0}>
            {entry.value}
          </Code>
        </>
      )}
      {asking && <InvalidateDialog entry={entry} onClose={() => setAsking(false)} onDone={onInvalidated} />}
    </>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
