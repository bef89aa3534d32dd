'use client';
import { Skeleton, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { serviceKey } from '../../server/contract/live.ts';
import type { ServiceRef } from '../../server/contract/service-ref.ts';
import { formatCount } from '../../server/contract/units.ts';
import type { BumpReceiptView, VersionRow } from '../../server/contract/versions.ts';
import { AsOf } from '../charts/as-of.tsx';
import { useAsOf } from '../charts/use-as-of.ts';
import { AckReceipt } from '../layout/ack-receipt.tsx';
import { ActButton } from '../layout/act-button.tsx';
import { Ago } from '../layout/ago.tsx';
import { Card } from '../layout/card.tsx';
import { NoService } from '../layout/no-service.tsx';
import { Notice, QueryTrouble } from '../layout/notice.tsx';
import { PageHead } from '../layout/page-head.tsx';
import { useScope } from '../layout/use-scope.ts';
import { WideTable } from '../layout/wide-table.tsx';
import { useLive, useLiveState } from '../live/live-context.tsx';
import { ratesNow } from '../live/rates.ts';
import { useDenied } from '../trpc/session-context.tsx';
import { useTRPC } from '../trpc/trpc-context.ts';
import { BumpDialog } from './bump-dialog.tsx';

const REFRESH_MS = 5_000;
const LEAD = 'A bump starts a new version of one entity: all its older entries are out of reach at once, and run out by themselves.';

/** The version of each entity of a service, and the way to start a new one. */
export function VersionsView() {
  const scope = useScope();
  const ready = useLiveState(() => true) === true;
  if (scope !== null) return <VersionsOf key={serviceKey(scope)} scope={scope} />;
  return ready ? (
    <NoService title="Versions" />
  ) : (
    <>
      <PageHead title="Versions" lead={LEAD} />
      <Skeleton height={240} />
    </>
  );
}

function VersionsOf({ scope }: { scope: ServiceRef }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.versions.list.queryOptions(scope, { refetchInterval: REFRESH_MS }));
  const denied = useDenied('versions.bump');
  const [asked, setAsked] = useState<VersionRow | null>(null);
  const [receipt, setReceipt] = useState<BumpReceiptView | null>(null);
  return (
    <>
      <PageHead title="Versions" lead={LEAD} />
      {receipt !== null && <BumpReceipt receipt={receipt} />}
      {query.isPending && <Skeleton height={240} />}
      {query.isError && query.data === undefined && <QueryTrouble error={query.error} onRetry={() => void query.refetch()} />}
      {query.data?.rows.length === 0 && (
        <Notice title="This service declares no entity yet">Entities show here as soon as an instance registers with its policies.</Notice>
      )}
      {query.data !== undefined && query.data.rows.length > 0 && (
        <Card label={`Versions of ${scope.service}`}>
          <AsOf knownToMs={query.data.nowMs} askedEachMs={REFRESH_MS} />
          <WideTable>
            <Table aria-label={`Versions of ${scope.service}`}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>entity</Table.Th>
                  <Table.Th visibleFrom="sm">class</Table.Th>
                  <Table.Th>version</Table.Th>
                  <Table.Th visibleFrom="sm">began</Table.Th>
                  <Table.Th visibleFrom="sm">previous</Table.Th>
                  <Table.Th ta="right">
                    <HitsHead scope={scope} />
                  </Table.Th>
                  <Table.Th ta="right" visibleFrom="sm">
                    instances
                  </Table.Th>
                  <Table.Th aria-label="Actions" />
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {query.data.rows.map((row) => (
                  <Table.Tr key={row.entity}>
                    <Table.Th scope="row">{row.entity}</Table.Th>
                    <Table.Td visibleFrom="sm">{row.class}</Table.Td>
                    <Table.Td style={{ whiteSpace: 'nowrap' }}>
                      {row.version !== null ? <code>{row.version}</code> : row.class === 'none' ? 'never cached' : 'none yet'}
                    </Table.Td>
                    <Table.Td visibleFrom="sm">{row.sinceMs === null ? '—' : <Ago atMs={row.sinceMs} />}</Table.Td>
                    <Table.Td c="dimmed" visibleFrom="sm">
                      {row.previous === null ? '—' : <code>{row.previous}</code>}
                    </Table.Td>
                    <Table.Td ta="right">
                      <HitsNow scope={scope} entity={row.entity} />
                    </Table.Td>
                    <Table.Td ta="right" visibleFrom="sm">
                      {row.instances}
                    </Table.Td>
                    <Table.Td ta="right">
                      <ActButton
                        denied={denied ?? (row.class === 'none' ? 'Never cached: it has no entries to drop.' : null)}
                        size="compact-xs"
                        variant="default"
                        label={`Bump ${row.entity}`}
                        onClick={() => {
                          setReceipt(null);
                          setAsked(row);
                        }}
                      >
                        Bump
                      </ActButton>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </WideTable>
        </Card>
      )}
      {asked !== null && <BumpDialog scope={scope} row={asked} onClose={() => setAsked(null)} onDone={setReceipt} />}
    </>
  );
}

/** The rates that the column shows; each entity's are of the same seconds. */
function useRates(scope: ServiceRef, entity?: string) {
  const points = useLive((snapshot) => snapshot.shown);
  const rates = useMemo(() => ratesNow(points, serviceKey(scope), entity), [points, scope, entity]);
  return { rates, asOf: useAsOf(rates.knownToMs) };
}

function HitsHead({ scope }: { scope: ServiceRef }) {
  return `hits ${useRates(scope).asOf ?? 'now'}`;
}

function HitsNow({ scope, entity }: { scope: ServiceRef; entity: string }) {
  const { rates, asOf } = useRates(scope, entity);
  if (rates.seconds === 0) return '—';
  return (
    <Text span fz="sm" {...(asOf === null ? {} : { c: 'dimmed' })}>
      {formatCount(rates.hits + rates.stale)}/s
    </Text>
  );
}

function BumpReceipt({ receipt }: { receipt: BumpReceiptView }) {
  return (
    <Card tone="done" label="Receipt">
      <div role="status">
        <p>
          <strong>{receipt.entity}</strong> is at version <code>{receipt.version}</code>
          {receipt.previous !== null && (
            <>
              , before <code>{receipt.previous}</code>
            </>
          )}
          . Every read checks the version record, so none gets an older entry.
        </p>
        <AckReceipt ackedBy={receipt.ackedBy} pending={receipt.pending} auditId={receipt.auditId} />
      </div>
    </Card>
  );
}
