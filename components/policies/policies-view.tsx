'use client';
import { Badge, Button, Skeleton, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'next/navigation';
import { useState } from 'react';
import { serviceKey } from '../../server/contract/live.ts';
import type { PolicyList, SavePolicyReceipt } from '../../server/contract/policies.ts';
import type { ServiceRef } from '../../server/contract/service-ref.ts';
import { AsOf } from '../charts/as-of.tsx';
import { useAsOf } from '../charts/use-as-of.ts';
import { AckReceipt } from '../layout/ack-receipt.tsx';
import { Card } from '../layout/card.tsx';
import { NoService } from '../layout/no-service.tsx';
import { Notice, QueryTrouble } from '../layout/notice.tsx';
import { PageHead } from '../layout/page-head.tsx';
import { setParams } from '../layout/set-params.ts';
import { useScope } from '../layout/use-scope.ts';
import { WideTable } from '../layout/wide-table.tsx';
import { useLiveState } from '../live/live-context.tsx';
import { useTRPC } from '../trpc/trpc-context.ts';
import { PolicyEditor } from './policy-editor.tsx';
import { RevisionList } from './revision-list.tsx';
import { percent } from './show-values.ts';
import { spellDuration } from './spell-duration.ts';

const REFRESH_MS = 5_000;
/** While instances take up a revision: what they say of themselves is each second's. */
const APPLYING_REFRESH_MS = 1_000;
const LEAD = 'How long entries live. A change holds for entries written from then on.';

/** The TTL, jitter and stale window of each entity of a service. The address holds which one is being edited. */
export function PoliciesView() {
  const scope = useScope();
  const ready = useLiveState(() => true) === true;
  if (scope !== null) return <PoliciesOf key={serviceKey(scope)} scope={scope} />;
  return ready ? (
    <NoService title="TTL policies" />
  ) : (
    <>
      <PageHead title="TTL policies" lead={LEAD} />
      <Skeleton height={240} />
    </>
  );
}

function PoliciesOf({ scope }: { scope: ServiceRef }) {
  const trpc = useTRPC();
  const query = useQuery(
    trpc.policies.list.queryOptions(scope, {
      refetchInterval: ({ state }) => (isApplying(state.data) ? APPLYING_REFRESH_MS : REFRESH_MS),
    }),
  );
  const [receipt, setReceipt] = useState<SavePolicyReceipt | null>(null);
  const entity = useSearchParams().get('entity');
  const edited = query.data?.rows.find((row) => row.entity === entity && row.strategy !== 'none');
  return (
    <>
      <PageHead title="TTL policies" lead={LEAD}>
        {query.data !== undefined && <AppliedBy list={query.data} />}
      </PageHead>
      {receipt !== null && (
        <Card tone="done" label="Receipt">
          <div role="status">
            <p>Revision {receipt.rev} is published.</p>
            <AckReceipt ackedBy={receipt.ackedBy} pending={receipt.pending} auditId={receipt.auditId} />
          </div>
        </Card>
      )}
      {query.isPending && <Skeleton height={240} />}
      {query.isError && query.data === undefined && <QueryTrouble error={query.error} onRetry={() => void query.refetch()} />}
      {query.data?.rows.length === 0 && (
        <Notice title="This service declares no entity yet">Policies show here as soon as an instance registers.</Notice>
      )}
      {query.data !== undefined && query.data.rows.length > 0 && <PolicyTable scope={scope} list={query.data} />}
      {query.data !== undefined && <RevisionList scope={scope} rev={query.data.rev} />}
      {edited !== undefined && query.data !== undefined && (
        <PolicyEditor
          key={edited.entity}
          scope={scope}
          row={edited}
          rev={query.data.rev}
          onClose={() => setParams({ entity: null })}
          onSaved={setReceipt}
        />
      )}
    </>
  );
}

function isApplying(list: PolicyList | undefined): boolean {
  return list !== undefined && list.appliedBy.length < list.expected.length;
}

function AppliedBy({ list }: { list: PolicyList }) {
  const asOf = useAsOf(list.knownToMs, REFRESH_MS);
  if (list.expected.length === 0)
    return (
      <Badge variant="light" color="gray" radius="sm" tt="none">
        no instance runs
      </Badge>
    );
  const all = !isApplying(list);
  return (
    <Badge variant="light" color={asOf !== null ? 'gray' : all ? 'teal' : 'orange'} radius="sm" tt="none" role="status">
      {list.rev === 0 ? 'policies from code' : `revision ${list.rev}`}: applied by {list.appliedBy.length} of {list.expected.length}
      {asOf !== null && ` ${asOf}`}
    </Badge>
  );
}

function PolicyTable({ scope, list }: { scope: ServiceRef; list: PolicyList }) {
  return (
    <Card label={`TTL policies of ${scope.service}`}>
      <AsOf knownToMs={list.knownToMs} askedEachMs={REFRESH_MS} />
      <WideTable>
        <Table aria-label={`TTL policies of ${scope.service}`}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>entity</Table.Th>
              <Table.Th visibleFrom="sm">class</Table.Th>
              <Table.Th ta="right">TTL</Table.Th>
              <Table.Th ta="right" visibleFrom="sm">
                jitter
              </Table.Th>
              <Table.Th ta="right">stale window</Table.Th>
              <Table.Th visibleFrom="sm">set by</Table.Th>
              <Table.Th aria-label="Actions" />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {list.rows.map((row) => (
              <Table.Tr key={row.entity}>
                <Table.Th scope="row">{row.entity}</Table.Th>
                <Table.Td visibleFrom="sm">{row.class}</Table.Td>
                {row.strategy === 'none' ? (
                  <Table.Td colSpan={5} c="dimmed">
                    Never cached, so there is nothing to edit: the service's code decides that.
                  </Table.Td>
                ) : (
                  <>
                    <Table.Td ta="right" style={{ whiteSpace: 'nowrap' }}>
                      {spellDuration(row.values.ttlMs)}
                    </Table.Td>
                    <Table.Td ta="right" visibleFrom="sm">
                      {percent(row.values.jitter)}
                    </Table.Td>
                    <Table.Td ta="right">{row.values.staleMs === 0 ? 'none' : spellDuration(row.values.staleMs)}</Table.Td>
                    <Table.Td visibleFrom="sm">
                      {row.overridden ? (
                        <Badge variant="light" radius="sm" tt="none">
                          console
                        </Badge>
                      ) : (
                        <Text span fz="sm" c="dimmed">
                          code
                        </Text>
                      )}
                    </Table.Td>
                    <Table.Td ta="right">
                      <Button
                        size="compact-xs"
                        variant="default"
                        aria-label={`Edit ${row.entity}`}
                        onClick={() => setParams({ entity: row.entity }, 'push')}
                      >
                        Edit
                      </Button>
                    </Table.Td>
                  </>
                )}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </WideTable>
    </Card>
  );
}
