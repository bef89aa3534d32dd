'use client';
import { Table } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ServiceRef } from '../../server/contract/service-ref.ts';
import { Ago } from '../layout/ago.tsx';
import { Card } from '../layout/card.tsx';
import { QueryTrouble } from '../layout/notice.tsx';
import { WideTable } from '../layout/wide-table.tsx';
import { useTRPC } from '../trpc/trpc-context.ts';
import { showValues } from './show-values.ts';

/** Every saved revision, newest first: who changed what. */
export function RevisionList({ scope, rev }: { scope: ServiceRef; rev: number }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.policies.revisions.queryOptions(scope));
  return (
    <Card title="Revisions">
      {query.isError && query.data === undefined && <QueryTrouble error={query.error} onRetry={() => void query.refetch()} />}
      {query.data?.length === 0 && <p>None yet: every policy is as the service's code asks for.</p>}
      {query.data !== undefined && query.data.length > 0 && (
        <WideTable>
          <Table miw={600} aria-label="Revisions of policies">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>revision</Table.Th>
                <Table.Th>saved</Table.Th>
                <Table.Th>by</Table.Th>
                <Table.Th>entity</Table.Th>
                <Table.Th>change</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {query.data.map((one) => (
                <Table.Tr key={one.rev}>
                  <Table.Th scope="row">
                    {one.rev}
                    {one.rev === rev && ' (current)'}
                  </Table.Th>
                  <Table.Td>
                    <Ago atMs={one.atMs} />
                  </Table.Td>
                  <Table.Td>{one.by}</Table.Td>
                  <Table.Td>{one.entity}</Table.Td>
                  <Table.Td>{changeOf(one)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </WideTable>
      )}
    </Card>
  );
}

type Revision = { before: Parameters<typeof showValues>[0] | null; after: Parameters<typeof showValues>[0] };

function changeOf({ before, after }: Revision): string {
  const old = before === null ? [] : showValues(before);
  const changes = showValues(after).flatMap(({ name, text }, index) => {
    const was = old[index]?.text;
    if (was === text) return [];
    return was === undefined ? `${name} ${text}` : `${name} ${was} → ${text}`;
  });
  return changes.length === 0 ? 'no change' : changes.join(', ');
}
