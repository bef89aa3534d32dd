'use client';
import { Skeleton, Table } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { describeFault } from '../../server/contract/describe-fault.ts';
import type { ExperimentView } from '../../server/contract/lab.ts';
import { formatDuration } from '../../server/contract/units.ts';
import { Ago } from '../layout/ago.tsx';
import { Card } from '../layout/card.tsx';
import { QueryTrouble } from '../layout/notice.tsx';
import { StopButton } from '../layout/stop-button.tsx';
import { WideTable } from '../layout/wide-table.tsx';
import { useLiveState } from '../live/live-context.tsx';
import { useServerNow } from '../live/server-now.ts';
import { useTRPC } from '../trpc/trpc-context.ts';
import classes from './lab.module.css';

const REFRESH_MS = 5_000;

/** Running experiments first, then those that ended: who, what, why, and how many applied it. */
export function ExperimentList() {
  const trpc = useTRPC();
  const query = useQuery(trpc.lab.list.queryOptions(undefined, { refetchInterval: REFRESH_MS }));
  const running = useLiveState((state) => state.experiments);
  const { refetch } = query;
  // The stream hears of a start or an end first: the list follows it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: `running` is what it follows
  useEffect(() => {
    void refetch();
  }, [running, refetch]);
  const live = new Map((running ?? []).map((one) => [one.id, one]));
  const listed = (query.data ?? []).map((one) => live.get(one.id) ?? one);
  const rows = [...(running ?? []).filter((one) => !listed.some((other) => other.id === one.id)), ...listed];
  return (
    <Card title="Experiments">
      {query.isPending && rows.length === 0 && <Skeleton height={80} />}
      {query.isError && query.data === undefined && <QueryTrouble error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && rows.length === 0 && <p>None was run yet. Ten seconds of “Redis down” shows most of what this page is for.</p>}
      {rows.length > 0 && (
        <WideTable>
          <Table miw={760} aria-label="Experiments">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>fault</Table.Th>
                <Table.Th>service</Table.Th>
                <Table.Th>reason</Table.Th>
                <Table.Th>by</Table.Th>
                <Table.Th>started</Table.Th>
                <Table.Th>applied by</Table.Th>
                <Table.Th>state</Table.Th>
                <Table.Th aria-label="Actions" />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map((one) => (
                <Table.Tr key={one.id}>
                  <Table.Th scope="row">{describeFault(one.fault)}</Table.Th>
                  <Table.Td className={classes['line'] ?? ''}>
                    {one.env} / {one.service}
                  </Table.Td>
                  <Table.Td maw={280}>{one.reason}</Table.Td>
                  <Table.Td>{one.by}</Table.Td>
                  <Table.Td className={classes['line'] ?? ''}>
                    <Ago atMs={one.startedAtMs} />
                  </Table.Td>
                  <Table.Td>
                    <AppliedBy experiment={one} />
                  </Table.Td>
                  <Table.Td className={classes['line'] ?? ''}>
                    <StateOf experiment={one} />
                  </Table.Td>
                  <Table.Td ta="right">{one.endedAtMs === null && <StopButton experiment={one} variant="table" />}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </WideTable>
      )}
    </Card>
  );
}

/** How many of those it meant said so, and how long the last took. */
function AppliedBy({ experiment }: { experiment: ExperimentView }) {
  const { appliedBy, expected, ackMs, instancesPercent } = experiment;
  const times = Object.values(ackMs);
  return (
    <>
      {appliedBy.length} of {expected.length}
      {times.length > 0 && `, the last after ${formatDuration(Math.max(...times))}`}
      {instancesPercent < 100 && ` (${instancesPercent}% of instances)`}
    </>
  );
}

function StateOf({ experiment }: { experiment: ExperimentView }) {
  const now = useServerNow();
  const { endedAtMs, endsAtMs, startedAtMs, ended } = experiment;
  if (endedAtMs === null) {
    const left = now === null ? null : Math.max(0, Math.ceil((endsAtMs - now) / 1_000));
    return <strong>{left === null ? 'running' : `running, ${left} s left`}</strong>;
  }
  const ran = formatDuration(Math.max(0, Math.round((endedAtMs - startedAtMs) / 1_000) * 1_000));
  return ended === 'stopped' ? `stopped after ${ran}` : `ended by itself after ${ran}`;
}
